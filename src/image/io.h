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

// Whether the ending means a format that this build reads.
bool has_readable_name(const std::filesystem::path& path);

// A format by its name or by an ending without the dot: "jpeg", "jpg", "tif". Throws UsageError for others.
const ImageFormat& image_format(std::string_view name);

// What the format cannot hold is reduced: 16 bit to 8, alpha blended onto white. Throws UsageError where the format is
// not written (BMP) or the quality out of range, LimitError where a side is too long for the format.
std::vector<uint8_t> encode_image(const Image& image, const ImageFormat& format, const EncodeOptions& options = {});

// Several pictures in one file, which only TIFF holds (UsageError for other formats). EXIF, XMP and IPTC are those of
// the first.
std::vector<uint8_t> encode_pages(std::span<const Image> pages, const ImageFormat& format);

// Encodes and replaces `path` atomically. Throws IoError, naming the path, and leaves what was there before.
void write_image(const std::filesystem::path& path, const Image& image, const ImageFormat& format,
                 const EncodeOptions& options = {});

}  // namespace daclip
