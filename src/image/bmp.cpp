// BMP through stb_image, behind a check of its own: stb reads zeros where a file ends too early.
#include <climits>
#include <memory>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#include <stb/stb_image.h>

#include "core/error.h"
#include "image/codec.h"

namespace daclip {
namespace {

uint32_t little_endian(std::span<const uint8_t> bytes, size_t at, size_t n) {
  uint32_t value = 0;
  for (size_t i = 0; i < n; ++i) value |= uint32_t(bytes[at + i]) << (8 * i);
  return value;
}

struct Header {
  uint64_t width, height, bits, offset;
};

Header read_header(std::span<const uint8_t> bytes, std::string_view where) {
  if (bytes.size() < 26) fail_decoding(where, "BMP", "the file ends in its header");
  const bool old = little_endian(bytes, 14, 4) == 12;  // OS/2's header has 16-bit fields
  if (!old && bytes.size() < 54) fail_decoding(where, "BMP", "the file ends in its header");
  Header header;
  header.offset = little_endian(bytes, 10, 4);
  header.width = little_endian(bytes, 18, old ? 2 : 4);
  header.height = little_endian(bytes, old ? 20 : 22, old ? 2 : 4);
  header.bits = little_endian(bytes, old ? 24 : 28, 2);
  if (!old && int32_t(header.height) < 0) header.height = uint64_t(-int64_t(int32_t(header.height)));  // top row first
  if (!old && header.width > INT_MAX) fail_decoding(where, "BMP", "negative width");
  const uint32_t compression = old ? 0 : little_endian(bytes, 30, 4);
  if (compression != 0 && compression != 3) fail_decoding(where, "BMP", "compressed BMP is not supported");
  return header;
}

struct FreePixels {
  void operator()(void* pixels) const { stbi_image_free(pixels); }
};

}  // namespace

Image decode_bmp(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  const Header header = read_header(bytes, where);
  check_size(where, header.width, header.height, limits);
  const uint64_t row = (header.width * header.bits + 31) / 32 * 4;
  if (bytes.size() > INT_MAX || header.offset > bytes.size() || row * header.height > bytes.size() - header.offset)
    fail_decoding(where, "BMP", cat("the file is too short for ", header.width, "x", header.height, " pixels"));
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, FreePixels> pixels(
      stbi_load_from_memory(bytes.data(), int(bytes.size()), &width, &height, &channels, 0));
  if (!pixels) fail_decoding(where, "BMP", stbi_failure_reason());
  Image image = start_image(uint64_t(width), uint64_t(height), channels, 8);
  image.data.assign(pixels.get(), pixels.get() + image.samples());
  return image;
}

}  // namespace daclip
