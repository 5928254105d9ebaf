#include "image/io.h"

#include "core/error.h"
#include "core/files.h"
#include "image/codec.h"
#include "image/formats.h"
#include "image/metadata.h"
#include "image/orientation.h"

namespace daclip {

Image decode_as(const ImageFormat& format, std::span<const uint8_t> bytes, std::string_view where,
                const DecodeLimits& limits, bool* turned) {
  if (!format.decode)
    throw FormatError(cat(where, ": is ", format.title, ", and this build reads no ", format.title, " (expected ",
                          readable_titles(" or "), ")"));
  try {
    Image image = format.decode(bytes, where, limits);
    const int orientation = settle_metadata(image.metadata);
    if (turned) *turned = orientation != 1;
    if (format.orients) return image;
    turn_metadata(image.metadata, orientation);
    return upright(std::move(image), orientation);
  } catch (const std::bad_alloc&) {
    throw LimitError(cat(where, ": not enough memory for this picture"));
  }
}

Image decode_image(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  if (bytes.empty()) throw FormatError(cat(where, ": is empty, expected a picture"));
  const ImageFormat* format = detect_format(bytes);
  if (!format) throw FormatError(cat(where, ": is not a picture (expected ", readable_titles(" or "), ")"));
  return decode_as(*format, bytes, where, limits);
}

Image read_image(const std::filesystem::path& path, const DecodeLimits& limits) {
  return decode_image(read_file(path), path.string(), limits);
}

std::vector<uint8_t> encode_image(const Image& image, const ImageFormat& format, const EncodeOptions& options) {
  validate(image, "encode_image");
  if (options.quality < 1 || options.quality > 100)
    throw UsageError(cat("quality ", options.quality, ", expected 1 to 100"));
  if (!format.encode) throw UsageError(not_written(format));
  if (image.has_alpha() && !format.alpha) return format.encode(on_white(to_8bit(image)), options);
  if (image.bits == 16 && !format.bits16) return format.encode(to_8bit(image), options);
  return format.encode(image, options);
}

std::vector<uint8_t> encode_pages(std::span<const Image> pages, const ImageFormat& format) {
  if (format.encode != encode_tiff) throw UsageError(cat(format.title, " holds one picture; only tiff holds several"));
  for (const Image& page : pages) validate(page, "encode_pages");
  return encode_tiff_pages(pages);
}

void write_image(const std::filesystem::path& path, const Image& image, const ImageFormat& format,
                 const EncodeOptions& options) {
  std::vector<uint8_t> bytes;
  try {
    bytes = encode_image(image, format, options);
  } catch (const FormatError& error) {
    throw FormatError(cat(path.string(), ": ", error.what()));
  } catch (const LimitError& error) {
    throw LimitError(cat(path.string(), ": ", error.what()));
  }
  write_file_atomically(path, bytes);
}

std::vector<uint8_t> encode_image(const Image& image, std::string_view format, const EncodeOptions& options) {
  return encode_image(image, image_format(format), options);
}

void write_image(const std::filesystem::path& path, const Image& image, const EncodeOptions& options) {
  const ImageFormat* format = format_of_name(path);
  if (!format) throw UsageError(cat(path.string(), ": its ending belongs to no known picture format"));
  write_image(path, image, *format, options);
}

std::vector<std::string> writable_formats() {
  std::vector<std::string> names;
  for (const ImageFormat* format : formats_written()) names.emplace_back(short_name(*format));
  return names;
}

}  // namespace daclip
