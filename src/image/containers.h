// How files wrap metadata: Photoshop's resources, and the text chunks of PNG that hold profiles as hexadecimal digits.
// Internal to image/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daclip/image.h"

namespace daclip {

inline constexpr std::string_view kExifPrefix("Exif\0\0", 6);
inline constexpr std::string_view kXmpPrefix("http://ns.adobe.com/xap/1.0/\0", 29);
// Before a part of a packet that is too large for one marker of JPEG: its digest, its size and the part's place follow.
inline constexpr std::string_view kExtendedXmpPrefix("http://ns.adobe.com/xmp/extension/\0", 35);
inline constexpr std::string_view kPhotoshopPrefix("Photoshop 3.0\0", 14);
inline constexpr std::string_view kXmpKeyword = "XML:com.adobe.xmp";
inline constexpr std::string_view kCommentKeyword = "Comment";

bool starts_with(std::span<const uint8_t> bytes, std::string_view prefix);

// The whole IPTC records at the start of the bytes, which TIFF pads and may hold in reversed words.
std::vector<uint8_t> iptc_records(std::span<const uint8_t> bytes);

// IPTC among Photoshop's resources ("8BIM..."), and as their only one.
std::vector<uint8_t> iptc_of_photoshop(std::span<const uint8_t> resources);
std::vector<uint8_t> photoshop_of_iptc(std::span<const uint8_t> iptc);

// Takes a text of a PNG file into the metadata: XMP, the profiles that ImageMagick, Exiv2 and programs with them store
// as "Raw profile type exif", "APP1", "xmp", "iptc" and "8bim", or a text. What is already there stays.
void add_png_text(Metadata& metadata, std::string keyword, std::string text);

// The text of "Raw profile type NAME".
std::string raw_profile(std::string_view name, std::span<const uint8_t> bytes);

// Text as UTF-8: as it is where it is that already, else taken as Latin-1.
std::string as_utf8(std::string_view text);

}  // namespace daclip
