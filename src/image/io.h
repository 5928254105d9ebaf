// Reading and writing picture files. Inputs are recognised by content; the caller chooses the format of an output.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "image/image.h"

namespace daclip {

struct ImageFormat;  // a row of the table in image/formats.h

// The format of a file, by its first bytes; null where they belong to no known format.
const ImageFormat* detect_format(std::span<const uint8_t> bytes);

// The format that a file name's ending means, in upper or lower case; null where it means none.
const ImageFormat* format_of_name(const std::filesystem::path& path);

// A format by its name or by an ending without the dot: "jpeg", "jpg", "tif". Throws UsageError for others.
const ImageFormat& image_format(std::string_view name);

struct DecodeLimits {
  uint64_t max_pixels = 400'000'000;  // refused by the header alone, before any memory is taken
};

// Decodes one picture. EXIF orientation is applied and reset to 1; CMYK becomes RGB (through the embedded profile where
// there is one, which is then dropped); palettes and 1-bit images become grey or RGB; 16 bit stays 16 bit.
// `where` names the input in errors. Throws FormatError (not a picture, truncated, of a format
// that this build does not read), LimitError (too large).
Image decode_image(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits = {});

// As decode_image; also throws IoError where the file cannot be read.
Image read_image(const std::filesystem::path& path, const DecodeLimits& limits = {});

struct EncodeOptions {
  int quality = 95;  // of lossy formats, 1-100; 100 makes WebP lossless
};

// What the format cannot hold is reduced: 16 bit to 8, alpha blended onto white. Throws UsageError where the format is
// not written (BMP) or the quality out of range, LimitError where a side is too long for the format.
std::vector<uint8_t> encode_image(const Image& image, const ImageFormat& format, const EncodeOptions& options = {});

// Encodes and replaces `path` atomically. Throws IoError, naming the path, and leaves what was there before.
void write_image(const std::filesystem::path& path, const Image& image, const ImageFormat& format,
                 const EncodeOptions& options = {});

}  // namespace daclip
