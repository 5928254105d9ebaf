// Reading and writing picture files. The format is told by content when reading, by name or option when writing.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "image/image.h"

namespace daclip {

enum class ImageFormat { jpeg, png, webp, tiff, bmp };

// By the first bytes; nothing when they belong to no known format.
std::optional<ImageFormat> detect_format(std::span<const uint8_t> bytes);

// By a file name's ending (.jpg .jpeg .png .webp .tif .tiff .bmp, any case).
std::optional<ImageFormat> format_of_name(const std::filesystem::path& path);

struct DecodeLimits {
  uint64_t max_pixels = 400'000'000;  // refused by the header alone, before any memory is taken
};

// Decodes one picture. EXIF orientation is applied and reset to 1; CMYK becomes RGB (through the embedded profile where
// there is one, which is then dropped); palettes and 1-bit images become grey or RGB; 16 bit stays 16 bit.
// `where` names the input in errors. Throws FormatError (not a picture, truncated), LimitError (too large).
Image decode_image(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits = {});

// As decode_image; also throws IoError where the file cannot be read.
Image read_image(const std::filesystem::path& path, const DecodeLimits& limits = {});

struct EncodeOptions {
  int quality = 95;  // JPEG and WebP, 1-100 (WebP: 100 is lossless); PNG and TIFF are always lossless
};

// Encodes for `format`. What the format cannot hold is reduced: 16 bit to 8 (JPEG, WebP), alpha blended onto white
// (JPEG).
// ImageFormat::bmp cannot be written: throws UsageError.
std::vector<uint8_t> encode_image(const Image& image, ImageFormat format, const EncodeOptions& options = {});

// Encodes and replaces `path` atomically. Throws IoError, naming the path, and leaves what was there before.
void write_image(const std::filesystem::path& path, const Image& image, ImageFormat format,
                 const EncodeOptions& options = {});

}  // namespace daclip
