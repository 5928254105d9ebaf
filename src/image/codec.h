// What the readers and writers of the single formats share. Internal to image/; callers use io.h.
#pragma once

#include <csetjmp>
#include <string_view>

#include "image/formats.h"

namespace daclip {

// The picture as it is stored: EXIF orientation is applied by decode_image.
ImageReader decode_jpeg, decode_mpo, decode_png, decode_webp, decode_tiff, decode_bmp;
ImageWriter encode_jpeg, encode_png, encode_webp, encode_tiff;
std::vector<uint8_t> encode_tiff_pages(std::span<const Image> pages);

// Refuses empty and too large pictures by what their header says. Throws FormatError or LimitError.
void check_size(std::string_view where, uint64_t width, uint64_t height, const DecodeLimits& limits);

// FormatError "where: cannot be read as FORMAT: a library's text on one line".
[[noreturn]] void fail_decoding(std::string_view where, std::string_view format, std::string_view text);

// An image with its header fields set and no samples yet; memory for them is reserved but not touched, so that a header
// that promises more than the file holds costs nothing.
Image start_image(uint64_t width, uint64_t height, int channels, int bits);

// 8 bit: removes the alpha channel; the second, only where it is opaque everywhere.
void drop_alpha(Image& image);
void drop_opaque_alpha(Image& image);

// 16 bit to 8, rounded; 8 bit as it is.
Image to_8bit(const Image& image);

// 8 bit: alpha over white, then dropped; without alpha as it is.
Image on_white(const Image& image);

// Four channels of ink (all bits set = full) to RGB: through the profile where it is one for CMYK, by
// (1-C)(1-K) elsewhere. The profile is dropped.
Image cmyk_to_rgb(const Image& cmyk);

// CIE L*a*b* of white D50 to sRGB of 16 bit; alpha is kept. a and b are signed in TIFF's own encoding, and have an
// offset in that of ICC. The profile is dropped.
Image lab_to_rgb(const Image& lab, bool is_signed);

// The number at `at`, of two or four bytes with the highest first; they must be there.
inline uint32_t big_endian(std::span<const uint8_t> bytes, size_t at, size_t n = 4) {
  uint32_t value = 0;
  for (size_t i = 0; i < n; ++i) value = value << 8 | bytes[at + i];
  return value;
}

// Where a C library's error handler leaves its text and jumps to. The functions that call setjmp hold no objects with
// destructors, since a jump would not run them.
struct LibraryError {
  std::jmp_buf jump;
  char text[256] = "";
};

}  // namespace daclip
