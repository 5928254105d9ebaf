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

// Encodes for `format`. What the format cannot hold is reduced: 16 bit to 8 (JPEG, WebP), alpha blended onto white
// (JPEG).
// ImageFormat::bmp cannot be written: throws UsageError.
std::vector<uint8_t> encode_image(const Image& image, ImageFormat format, const EncodeOptions& options = {});

// Encodes and replaces `path` atomically. Throws IoError, naming the path, and leaves what was there before.
void write_image(const std::filesystem::path& path, const Image& image, ImageFormat format,
                 const EncodeOptions& options = {});

}  // namespace daclip
