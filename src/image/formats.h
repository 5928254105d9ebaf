// The table of picture formats. Detection, reading, writing, the command line, its help and docs/formats.md are made
// from it: a new format is a file with its reader and writer, their names in codec.h, and a row in formats.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/io.h"

namespace daclip {

// `where` names the input in errors. Throws FormatError and LimitError.
using ImageReader = Image(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits);
// Gets a valid image, with 16 bit and alpha only where the row allows them, and a quality of 1 to 100. Throws
// FormatError and LimitError.
using ImageWriter = std::vector<uint8_t>(const Image& image, const EncodeOptions& options);

// When EncodeOptions::quality costs anything.
enum class Loss { never, below_100, always };

struct ImageFormat {
  std::string_view name;                                      // "jpeg"
  std::string_view title;                                     // for people: "JPEG"
  std::vector<std::string_view> endings;                      // ".jpg", lower case; the first is that of outputs
  bool (*matches)(std::span<const uint8_t> bytes) = nullptr;  // by the first bytes of a file
  ImageReader* decode = nullptr;                              // null: recognised, but not read by this build
  ImageWriter* encode = nullptr;                              // null: not written
  std::string_view written_as = "png";                        // of what is only read: the format that holds it
  bool is_variant = false;                                    // a file of it is one of `written_as` too
  bool orients = false;                                       // the reader applies the file's orientation itself
  // What a file can hold. encode_image drops the rest: 16 bit becomes 8, alpha is blended onto white.
  bool bits16 = false, alpha = false, profile = false, exif = false;
  bool pages = false;  // the reader takes DecodeLimits::page
  Loss loss = Loss::never;
};

// Every known format. Of several rows that match a file the first one counts.
std::span<const ImageFormat> image_formats();

std::vector<const ImageFormat*> formats_read();
std::vector<const ImageFormat*> formats_written();

// The usual ending without its dot, "jpg": what users call the format.
std::string_view short_name(const ImageFormat& format);

// "JPEG, PNG or BMP": of formats_read(), with `last` before the last one.
std::string readable_titles(std::string_view last);

// Whether a file of this format, copied byte for byte, is one of `other`.
bool is_also(const ImageFormat& format, const ImageFormat& other);

// Why nothing can be written as `format`, and which formats can be: "BMP is not written; choose jpg, png or tiff".
std::string not_written(const ImageFormat& format);

// decode_image for a known format. `turned`: whether the file's EXIF orientation had to be applied.
Image decode_as(const ImageFormat& format, std::span<const uint8_t> bytes, std::string_view where,
                const DecodeLimits& limits, bool* turned = nullptr);

}  // namespace daclip
