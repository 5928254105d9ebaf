#include "image/io.h"

#include <algorithm>
#include <climits>

#include "core/error.h"
#include "core/files.h"
#include "image/codec.h"
#include "image/formats.h"
#include "image/metadata.h"
#include "image/orientation.h"

namespace daclip {
void check_size(std::string_view where, uint64_t width, uint64_t height, const DecodeLimits& limits) {
  if (width == 0 || height == 0) throw FormatError(cat(where, ": a picture of ", width, "x", height, " pixels"));
  // Sides up to 2^31 keep the product within 64 bits; rows of eight-byte pixels stay addressable by int.
  if (width > INT_MAX / 8 || height > INT_MAX || width * height > limits.max_pixels)
    throw LimitError(cat(where, ": ", width, "x", height, " pixels, at most ", limits.max_pixels, " are accepted"));
}

void fail_decoding(std::string_view where, std::string_view format, std::string_view text) {
  std::string line(text.substr(0, 200));
  for (char& c : line)
    if (uint8_t(c) < 0x20 || uint8_t(c) >= 0x7f) c = ' ';
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.pop_back();
  throw FormatError(cat(where, ": cannot be read as ", format, ": ", line));
}

Image start_image(uint64_t width, uint64_t height, int channels, int bits) {
  Image image;
  image.width = int(width);
  image.height = int(height);
  image.channels = channels;
  image.bits = bits;
  image.data.reserve(image.samples() * size_t(bits / 8));
  return image;
}

Image decode_as(const ImageFormat& format, std::span<const uint8_t> bytes, std::string_view where,
                const DecodeLimits& limits) {
  if (!format.decode)
    throw FormatError(cat(where, ": is ", format.title, ", and this build reads no ", format.title, " (expected ",
                          readable_titles(" or "), ")"));
  try {
    Image image = format.decode(bytes, where, limits);
    const int orientation = settle_metadata(image.metadata);
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
