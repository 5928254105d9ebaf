/// @file
/// Pictures: as memory holds them, and read from and written to files.
///
/// All functions may be called from several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daclip/error.h"
#include "daclip/export.h"

namespace daclip {

/// A picture as files hold it: 8 or 16 bit samples, 1 to 4 channels, with its colour profile and EXIF block.
struct Image {
  int width = 0;              ///< pixels
  int height = 0;             ///< pixels
  int channels = 0;           ///< 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha is straight, not premultiplied
  int bits = 8;               ///< of a sample: 8 or 16
  std::vector<uint8_t> data;  ///< (height, width, channels) samples; 16-bit ones in the machine's byte order
  std::vector<uint8_t> icc;   ///< embedded colour profile; empty when there is none
  std::vector<uint8_t> exif;  ///< TIFF-structured EXIF block without the "Exif\0\0" prefix; empty when there is none

  /// Channels without alpha: 1 or 3.
  int colour_channels() const { return channels >= 3 ? 3 : 1; }
  /// Whether the last channel is alpha.
  bool has_alpha() const { return channels == 2 || channels == 4; }
  /// width * height.
  size_t pixels() const { return size_t(width) * size_t(height); }
  /// width * height * channels.
  size_t samples() const { return size_t(width) * size_t(height) * size_t(channels); }
  /// The samples of a 16-bit picture.
  const uint16_t* data16() const { return reinterpret_cast<const uint16_t*>(data.data()); }
  /// The samples of a 16-bit picture.
  uint16_t* data16() { return reinterpret_cast<uint16_t*>(data.data()); }
};

/// What a reader accepts.
struct DecodeLimits {
  uint64_t max_pixels = 400'000'000;  ///< larger pictures are refused by their header, before any memory is taken
};

/// How a picture is stored.
struct EncodeOptions {
  int quality = 95;  ///< JPEG and WebP, 1 to 100 (WebP: 100 is lossless); PNG and TIFF are always lossless
};

/// Decodes one picture; its format is detected by content. EXIF orientation is applied and reset to 1; CMYK becomes RGB
/// (through the embedded profile where there is one, which is then dropped); palettes and 1-bit pictures become grey or
/// RGB; 16 bit stays 16 bit.
/// @param bytes  the file's content
/// @param where  names the input in errors
/// @param limits  refuses larger pictures
/// @throws FormatError for bytes that are no picture, or cut off; LimitError for too large ones
DACLIP_API Image decode_image(std::span<const uint8_t> bytes, std::string_view where = "picture",
                              const DecodeLimits& limits = {});

/// Reads and decodes a file as decode_image() does; also throws IoError where it cannot be read.
DACLIP_API Image read_image(const std::filesystem::path& path, const DecodeLimits& limits = {});

/// Encodes a picture. What the format cannot hold is reduced: 16 bit to 8 (JPEG, WebP), alpha blended onto white
/// (JPEG). @param image  the picture
/// @param format  a name of writable_formats(): "png"
/// @param options  quality
/// @throws UsageError for a format that is not written, ShapeError for an image whose fields contradict each other
DACLIP_API std::vector<uint8_t> encode_image(const Image& image, std::string_view format,
                                             const EncodeOptions& options = {});

/// Encodes a picture in the format of the path's ending and replaces the file atomically.
/// @throws IoError naming the path, which then holds what it held before; UsageError for an ending of no writable
/// format
DACLIP_API void write_image(const std::filesystem::path& path, const Image& image, const EncodeOptions& options = {});

/// Names of the formats that encode_image() takes.
DACLIP_API std::vector<std::string> writable_formats();

}  // namespace daclip
