#include "image/io.h"

#include <algorithm>
#include <climits>
#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "image/codec.h"
#include "image/exif.h"
#include "image/orientation.h"

namespace daclip {
namespace {

bool starts_with(std::span<const uint8_t> bytes, std::string_view magic, size_t at = 0) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

Image decode_as(ImageFormat format, std::span<const uint8_t> bytes, std::string_view where,
                const DecodeLimits& limits) {
  switch (format) {
    case ImageFormat::jpeg: return decode_jpeg(bytes, where, limits);
    case ImageFormat::png: return decode_png(bytes, where, limits);
    case ImageFormat::webp: return decode_webp(bytes, where, limits);
    case ImageFormat::tiff: return decode_tiff(bytes, where, limits);
    case ImageFormat::bmp: return decode_bmp(bytes, where, limits);
  }
  throw UsageError("decode: unknown format");
}

// PNG and WebP hold the block bare, but some writers keep JPEG's prefix.
void drop_exif_prefix(std::vector<uint8_t>& exif) {
  if (starts_with(exif, std::string_view("Exif\0\0", 6))) exif.erase(exif.begin(), exif.begin() + 6);
}

}  // namespace

std::optional<ImageFormat> detect_format(std::span<const uint8_t> bytes) {
  using namespace std::string_view_literals;
  if (starts_with(bytes, "\xff\xd8\xff"sv)) return ImageFormat::jpeg;
  if (starts_with(bytes, "\x89PNG\r\n\x1a\n"sv)) return ImageFormat::png;
  if (starts_with(bytes, "RIFF"sv) && starts_with(bytes, "WEBP"sv, 8)) return ImageFormat::webp;
  for (const auto magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv})
    if (starts_with(bytes, magic)) return ImageFormat::tiff;
  if (starts_with(bytes, "BM"sv)) return ImageFormat::bmp;
  return std::nullopt;
}

std::optional<ImageFormat> format_of_name(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  if (ending == ".jpg" || ending == ".jpeg") return ImageFormat::jpeg;
  if (ending == ".png") return ImageFormat::png;
  if (ending == ".webp") return ImageFormat::webp;
  if (ending == ".tif" || ending == ".tiff") return ImageFormat::tiff;
  if (ending == ".bmp") return ImageFormat::bmp;
  return std::nullopt;
}

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

Image decode_image(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  if (bytes.empty()) throw FormatError(cat(where, ": is empty, expected a picture"));
  const std::optional<ImageFormat> format = detect_format(bytes);
  if (!format) throw FormatError(cat(where, ": is not a picture (expected JPEG, PNG, WebP, TIFF or BMP)"));
  try {
    Image image = decode_as(*format, bytes, where, limits);
    drop_exif_prefix(image.exif);
    const int orientation = take_orientation(image.exif);
    // A TIFF's orientation is a tag of the file itself and was applied with it.
    return *format == ImageFormat::tiff ? image : upright(std::move(image), orientation);
  } catch (const std::bad_alloc&) {
    throw LimitError(cat(where, ": not enough memory for this picture"));
  }
}

Image read_image(const std::filesystem::path& path, const DecodeLimits& limits) {
  return decode_image(read_file(path), path.string(), limits);
}

std::vector<uint8_t> encode_image(const Image& image, ImageFormat format, const EncodeOptions& options) {
  validate(image, "encode_image");
  if (options.quality < 1 || options.quality > 100)
    throw UsageError(cat("quality ", options.quality, ", expected 1 to 100"));
  switch (format) {
    case ImageFormat::jpeg: return encode_jpeg(image, options);
    case ImageFormat::png: return encode_png(image);
    case ImageFormat::webp: return encode_webp(image, options);
    case ImageFormat::tiff: return encode_tiff(image);
    case ImageFormat::bmp: throw UsageError("BMP can be read but not written; choose png, jpg, webp or tiff");
  }
  throw UsageError("encode_image: unknown format");
}

void write_image(const std::filesystem::path& path, const Image& image, ImageFormat format,
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
  const std::optional<ImageFormat> known = format_of_name("picture." + std::string(format));
  if (!known) throw UsageError(cat("format ", format, ": expected png, jpg, webp or tiff"));
  return encode_image(image, *known, options);
}

void write_image(const std::filesystem::path& path, const Image& image, const EncodeOptions& options) {
  const std::optional<ImageFormat> format = format_of_name(path);
  if (!format) throw UsageError(cat(path.string(), ": its ending is of no known picture format"));
  write_image(path, image, *format, options);
}

std::vector<std::string> writable_formats() { return {"png", "jpg", "webp", "tiff"}; }

}  // namespace daclip
