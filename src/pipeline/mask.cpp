#include "pipeline/mask.h"

#include <algorithm>

#include "image/pixels.h"

namespace daclip {

namespace {

// Less than half opaque.
bool transparent(const Image& image, size_t pixel) {
  if (!image.has_alpha()) return false;
  const size_t alpha = (pixel + 1) * size_t(image.channels) - 1;
  return image.bits == 16 ? image.data16()[alpha] < 32768 : image.data[alpha] < 128;
}

}  // namespace

Mask Mask::from_image(const Image& image, Holes holes) {
  Mask mask{image.width, image.height, {}};
  mask.keep.reserve(image.pixels());
  size_t clear = 0, painted = 0;  // painted: in the very colour of holes
  for (int y = 0; y < image.height; ++y) {
    const FloatImage row = rgb_region(image, 0, y, image.width, 1);
    for (int x = 0; x < image.width; ++x) {
      const float brightness = (row.at(x, 0, 0) + row.at(x, 0, 1) + row.at(x, 0, 2)) / 3;
      const bool is_clear = transparent(image, mask.keep.size());
      clear += is_clear;
      painted += !is_clear && (holes == Holes::black ? brightness < 0.1f : brightness > 0.9f);
      mask.keep.push_back((brightness >= 0.5f) == (holes == Holes::black));
    }
  }
  if (clear == 0) return mask;
  // Strokes of a brush on nothing, or a picture with parts rubbed out.
  const bool strokes = clear < mask.keep.size() && clear + painted == mask.keep.size();
  for (size_t i = 0; i < mask.keep.size(); ++i) mask.keep[i] = transparent(image, i) == strokes;
  return mask;
}

Image with_white_holes(const Image& photo, const Mask& mask) {
  Image result = photo;
  const size_t sample = size_t(photo.bits / 8), pixel = sample * size_t(photo.channels);
  for (size_t i = 0; i < mask.keep.size(); ++i)
    if (!mask.keep[i])
      std::fill_n(result.data.begin() + std::ptrdiff_t(i * pixel), sample * size_t(photo.colour_channels()),
                  uint8_t(255));
  return result;
}

void copy_kept_pixels(const Image& photo, const Mask& mask, Image& result) {
  const size_t pixel = size_t(photo.bits / 8) * size_t(photo.channels);
  for (size_t i = 0; i < mask.keep.size(); ++i)
    if (mask.keep[i])
      std::copy_n(photo.data.begin() + std::ptrdiff_t(i * pixel), pixel,
                  result.data.begin() + std::ptrdiff_t(i * pixel));
}

}  // namespace daclip
