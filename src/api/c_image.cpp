#include "api/c_image.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/error.h"

namespace daclip {
namespace {

constexpr int kLargestSide = 1 << 24;
constexpr uint64_t kMostPixels = DecodeLimits().max_pixels;

size_t sample_bytes(daclip_sample_type type) { return type == DACLIP_U8 ? 1 : type == DACLIP_U16 ? 2 : 4; }

size_t row_bytes(const daclip_image& image) {
  return size_t(image.width) * size_t(image.channels) * sample_bytes(image.type);
}

size_t stride_of(const daclip_image& image) { return image.stride > 0 ? image.stride : row_bytes(image); }

void check(const daclip_image& image, const char* what) {
  const auto require = [what](bool condition, const std::string& problem) {
    if (!condition) throw ShapeError(cat(what, ": ", problem));
  };
  require(image.data != nullptr, "data is NULL");
  require(image.width >= 1 && image.height >= 1 && image.width <= kLargestSide && image.height <= kLargestSide,
          cat(image.width, "x", image.height, " pixels: expected sides from 1 to ", kLargestSide));
  require(image.channels >= 1 && image.channels <= 4, cat(image.channels, " channels: expected 1 to 4"));
  require(image.type == DACLIP_U8 || image.type == DACLIP_U16 || image.type == DACLIP_F32,
          cat("sample type ", int(image.type), ": expected DACLIP_U8, DACLIP_U16 or DACLIP_F32"));
  require(image.stride == 0 || image.stride >= row_bytes(image),
          cat("stride ", image.stride, ": expected 0 or at least the row's ", row_bytes(image), " bytes"));
  if (uint64_t(image.width) * uint64_t(image.height) > kMostPixels)
    throw LimitError(cat(what, ": ", image.width, "x", image.height, " pixels, expected at most ", kMostPixels));
}

uint16_t to_u16(float value) {
  return value > 0 ? uint16_t(std::lround(std::min(value, 1.f) * 65535.f)) : uint16_t(0);  // NaN becomes 0
}

}  // namespace

Image from_c(const daclip_image& source, const char* what) {
  check(source, what);
  Image image;
  image.width = source.width;
  image.height = source.height;
  image.channels = source.channels;
  image.bits = source.type == DACLIP_U8 ? 8 : 16;
  image.data.resize(image.samples() * size_t(image.bits / 8));
  const size_t row_samples = size_t(image.width) * size_t(image.channels), row = row_samples * size_t(image.bits / 8);
  for (int y = 0; y < image.height; ++y) {
    const auto* from = static_cast<const uint8_t*>(source.data) + size_t(y) * stride_of(source);
    uint8_t* to = image.data.data() + size_t(y) * row;
    if (source.type != DACLIP_F32) {
      std::memcpy(to, from, row);
      continue;
    }
    for (size_t i = 0; i < row_samples; ++i) {
      float value;
      std::memcpy(&value, from + i * sizeof value, sizeof value);
      const uint16_t sample = to_u16(value);
      std::memcpy(to + i * sizeof sample, &sample, sizeof sample);
    }
  }
  return image;
}

void to_c(const Image& image, const daclip_image& target) {
  check(target, "result");
  if (target.width != image.width || target.height != image.height || target.channels != image.channels ||
      (target.type == DACLIP_U8) != (image.bits == 8))
    throw ShapeError(cat("result: ", target.width, "x", target.height, " pixels of ", target.channels, " channels and ",
                         8 * sample_bytes(target.type), " bits: expected the photo's size, channels and type"));
  const size_t row_samples = size_t(image.width) * size_t(image.channels), row = row_samples * size_t(image.bits / 8);
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* from = image.data.data() + size_t(y) * row;
    auto* to = static_cast<uint8_t*>(target.data) + size_t(y) * stride_of(target);
    if (target.type != DACLIP_F32) {
      std::memcpy(to, from, row);
      continue;
    }
    for (size_t i = 0; i < row_samples; ++i) {
      uint16_t sample;
      std::memcpy(&sample, from + i * sizeof sample, sizeof sample);
      const float value = float(sample) / 65535.f;
      std::memcpy(to + i * sizeof value, &value, sizeof value);
    }
  }
}

}  // namespace daclip
