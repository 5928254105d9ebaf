#include "image/plugins.h"

#include "core/error.h"
#include "core/plugin.h"
#include "image/exif.h"
#include "image/metadata.h"

namespace daclip {
namespace {

const ImageCodec& open_codec(std::string_view title, std::string_view library) {
  const std::string path = find_plugin(library);
  if (path.empty()) throw FormatError(cat(title, " needs ", library, ", which was not found"));
  const PluginSymbol symbol = open_plugin(path, kImageCodec);
  if (!symbol.address) throw FormatError(cat(title, ": ", symbol.problem));
  const auto& codec = *static_cast<const ImageCodec*>(symbol.address);
  check_codec(codec, path);
  return codec;
}

const ImageCodec& heif_codec() {
  static const ImageCodec& codec = open_codec("HEIC and AVIF", "libdaclip_heif.so");
  return codec;
}

const ImageCodec& jxl_codec() {
  static const ImageCodec& codec = open_codec("JPEG XL", "libdaclip_jxl.so");
  return codec;
}

// What the writers find in the metadata is what they write.
Image with_written_metadata(const Image& image) {
  Image result = image;
  result.metadata = metadata_to_write(image, {});
  return result;
}

}  // namespace

void check_codec(const ImageCodec& codec, std::string_view library) {
  const ImageCodec own;
  if (codec.interface != own.interface || codec.image_bytes != own.image_bytes)
    throw FormatError(cat(library, " belongs to another build of daclip; install both from one"));
}

Image decode_heif(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  return heif_codec().decode(bytes, where, limits);
}

std::vector<uint8_t> encode_avif(const Image& image, const EncodeOptions& options) {
  return heif_codec().encode(with_written_metadata(image), options);
}

Image decode_jxl(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  return jxl_codec().decode(bytes, where, limits);
}

std::vector<uint8_t> encode_jxl(const Image& image, const EncodeOptions& options) {
  return jxl_codec().encode(with_written_metadata(image), options);
}

Image decode_raw(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  static const ImageCodec& codec = open_codec("RAW", "libdaclip_raw.so");
  Image image = codec.decode(bytes, where, limits);
  image.metadata = metadata_of_tiff(bytes);  // most are TIFF files
  return image;
}

Image decode_gif(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  static const ImageCodec& codec = open_codec("GIF", "libdaclip_gif.so");
  return codec.decode(bytes, where, limits);
}

Image decode_jp2(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  static const ImageCodec& codec = open_codec("JPEG 2000", "libdaclip_jp2.so");
  return codec.decode(bytes, where, limits);
}

}  // namespace daclip
