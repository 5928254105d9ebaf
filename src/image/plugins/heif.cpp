// HEIC and AVIF through libheif, which turns and mirrors as the file says; AVIF is written too.
#include <libheif/heif.h>

#include <cstring>
#include <memory>

#include "core/error.h"
#include "image/codec.h"
#include "image/icc.h"
#include "image/plugins.h"

namespace daclip {
namespace {

struct Free {
  void operator()(heif_context* p) const { heif_context_free(p); }
  void operator()(heif_image_handle* p) const { heif_image_handle_release(p); }
  void operator()(heif_image* p) const { heif_image_release(p); }
  void operator()(heif_encoder* p) const { heif_encoder_release(p); }
  void operator()(heif_color_profile_nclx* p) const { heif_nclx_color_profile_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

struct Failure {
  std::string_view where;

  void check(heif_error error) const {
    if (error.code != heif_error_Ok) fail_decoding(where, "HEIC or AVIF", error.message);
  }
};

std::vector<uint8_t> profile_of(const heif_image_handle* handle) {
  const size_t size = heif_image_handle_get_raw_color_profile_size(handle);
  if (size > 0) {
    std::vector<uint8_t> icc(size);
    if (heif_image_handle_get_raw_color_profile(handle, icc.data()).code == heif_error_Ok) return icc;
  }
  heif_color_profile_nclx* nclx = nullptr;
  const heif_error error = heif_image_handle_get_nclx_color_profile(handle, &nclx);
  const Owned<heif_color_profile_nclx> owned(nclx);  // made even where libheif then refuses its numbers
  if (error.code != heif_error_Ok || !nclx) return {};
  // The samples are full range here, whatever range the file has.
  return icc_of_cicp({uint8_t(nclx->color_primaries), uint8_t(nclx->transfer_characteristics), true});
}

std::vector<uint8_t> exif_of(const heif_image_handle* handle) {
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(handle, "Exif", &id, 1) < 1) return {};
  std::vector<uint8_t> block(heif_image_handle_get_metadata_size(handle, id));
  if (block.size() < 4 || heif_image_handle_get_metadata(handle, id, block.data()).code != heif_error_Ok) return {};
  const uint64_t skipped = 4 + uint64_t(big_endian(block, 0));
  if (skipped >= block.size()) return {};
  return {block.begin() + ptrdiff_t(skipped), block.end()};
}

std::vector<uint8_t> xmp_of(const heif_image_handle* handle) {
  constexpr int kMostBlocks = 16;
  heif_item_id ids[kMostBlocks];
  const int count = heif_image_handle_get_list_of_metadata_block_IDs(handle, "mime", ids, kMostBlocks);
  for (int i = 0; i < count; ++i) {
    if (std::strcmp(heif_image_handle_get_metadata_content_type(handle, ids[i]), "application/rdf+xml") != 0) continue;
    std::vector<uint8_t> packet(heif_image_handle_get_metadata_size(handle, ids[i]));
    if (heif_image_handle_get_metadata(handle, ids[i], packet.data()).code == heif_error_Ok) return packet;
  }
  return {};
}

// The picture that stands for the file first, wherever it is stored.
std::vector<heif_item_id> pictures_of(heif_context* context, const Failure& failure) {
  heif_item_id primary = 0;
  failure.check(heif_context_get_primary_image_ID(context, &primary));
  std::vector<heif_item_id> ids(size_t(std::max(heif_context_get_number_of_top_level_images(context), 0)));
  heif_context_get_list_of_top_level_image_IDs(context, ids.data(), int(ids.size()));
  std::erase(ids, primary);
  ids.insert(ids.begin(), primary);
  return ids;
}

void copy_rows(const heif_image* decoded, int bits, Image& image) {
  int stride = 0;
  const uint8_t* plane = heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &stride);
  const size_t samples = size_t(image.width) * size_t(image.channels);
  const uint32_t top = (1u << bits) - 1;
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* from = plane + size_t(y) * size_t(stride);
    if (image.bits == 8) {
      std::memcpy(image.data.data() + size_t(y) * samples, from, samples);
      continue;
    }
    uint16_t* to = image.data16() + size_t(y) * samples;
    for (size_t i = 0; i < samples; ++i)
      to[i] = uint16_t((std::min(uint32_t(from[2 * i] | from[2 * i + 1] << 8), top) * 65535u + top / 2) / top);
  }
}

Image decode(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  const Failure failure{where};
  const Owned<heif_context> context(heif_context_alloc());
  if (!context) throw std::bad_alloc();
  failure.check(heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr));
  const std::vector<heif_item_id> ids = pictures_of(context.get(), failure);
  if (size_t(limits.page) >= ids.size()) fail_decoding(where, "HEIC or AVIF", cat("it has ", ids.size(), " pictures"));
  heif_image_handle* found = nullptr;
  failure.check(heif_context_get_image_handle(context.get(), ids[size_t(limits.page)], &found));
  const Owned<heif_image_handle> handle(found);
  const int width = heif_image_handle_get_width(found), height = heif_image_handle_get_height(found);
  check_size(where, uint64_t(std::max(width, 0)), uint64_t(std::max(height, 0)), limits);
  const bool alpha = heif_image_handle_has_alpha_channel(found),
             wide = heif_image_handle_get_luma_bits_per_pixel(found) > 8;
  const heif_chroma chroma = wide ? (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
                                  : (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
  heif_image* made = nullptr;
  failure.check(heif_decode_image(found, &made, heif_colorspace_RGB, chroma, nullptr));
  const Owned<heif_image> decoded(made);
  const int bits = heif_image_get_bits_per_pixel_range(made, heif_channel_interleaved);
  if (heif_image_get_width(made, heif_channel_interleaved) != width ||
      heif_image_get_height(made, heif_channel_interleaved) != height || (wide ? bits < 9 || bits > 16 : bits != 8))
    fail_decoding(where, "HEIC or AVIF", "the picture has another size than its header says");
  Image image = start_image(uint64_t(width), uint64_t(height), alpha ? 4 : 3, wide ? 16 : 8);
  image.data.resize(image.samples() * size_t(image.bits / 8));
  copy_rows(made, bits, image);
  image.icc = profile_of(found);
  image.metadata.exif = exif_of(found);
  image.metadata.xmp = xmp_of(found);
  image.source.pages = int(ids.size());
  return image;
}

// 16 bit becomes 12; with 10 libheif 1.15 asks for a profile that libaom refuses by aborting.
constexpr int kWrittenBits = 12;

Owned<heif_image> as_heif(const Image& image) {
  const auto check = [](heif_error error) {
    if (error.code != heif_error_Ok) throw FormatError(cat("cannot be written as AVIF: ", error.message));
  };
  const bool alpha = image.has_alpha(), wide = image.bits == 16;
  const heif_chroma chroma = wide ? (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE)
                                  : (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
  heif_image* made = nullptr;
  check(heif_image_create(image.width, image.height, heif_colorspace_RGB, chroma, &made));
  Owned<heif_image> result(made);
  check(heif_image_add_plane(made, heif_channel_interleaved, image.width, image.height, wide ? kWrittenBits : 8));
  int stride = 0;
  uint8_t* plane = heif_image_get_plane(made, heif_channel_interleaved, &stride);
  const int colours = image.colour_channels(), written = alpha ? 4 : 3;
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (int c = 0; c < written; ++c) {
        const int from = c == 3 ? colours : std::min(c, colours - 1);
        const size_t i = (size_t(y) * size_t(image.width) + size_t(x)) * size_t(image.channels) + size_t(from);
        uint8_t* to = plane + size_t(y) * size_t(stride) + size_t(x * written + c) * (wide ? 2 : 1);
        if (!wide) {
          *to = image.data[i];
        } else {
          const uint32_t value = (uint32_t(image.data16()[i]) * ((1u << kWrittenBits) - 1) + 32767) / 65535;
          to[0] = uint8_t(value), to[1] = uint8_t(value >> 8);
        }
      }
  const std::vector<uint8_t> icc = fitting_profile(image.icc, 3);
  if (!icc.empty()) check(heif_image_set_raw_color_profile(made, "prof", icc.data(), icc.size()));
  return result;
}

std::vector<uint8_t> encode(const Image& image, const EncodeOptions& options) {
  const auto check = [](heif_error error) {
    if (error.code != heif_error_Ok) throw FormatError(cat("cannot be written as AVIF: ", error.message));
  };
  const Owned<heif_context> context(heif_context_alloc());
  heif_encoder* made = nullptr;
  check(heif_context_get_encoder_for_format(context.get(), heif_compression_AV1, &made));
  const Owned<heif_encoder> encoder(made);
  check(heif_encoder_set_lossy_quality(made, options.quality));
  heif_encoder_set_parameter_string(made, "chroma", options.quality >= 90 ? "444" : "420");
  const Owned<heif_image> picture = as_heif(image);
  heif_image_handle* handle = nullptr;
  check(heif_context_encode_image(context.get(), picture.get(), made, nullptr, &handle));
  const Owned<heif_image_handle> owned(handle);
  const std::vector<uint8_t>&exif = image.metadata.exif, &xmp = image.metadata.xmp;
  if (!exif.empty()) check(heif_context_add_exif_metadata(context.get(), handle, exif.data(), int(exif.size())));
  if (!xmp.empty()) check(heif_context_add_XMP_metadata(context.get(), handle, xmp.data(), int(xmp.size())));
  std::vector<uint8_t> bytes;
  heif_writer writer{};
  writer.writer_api_version = 1;
  writer.write = [](heif_context*, const void* data, size_t size, void* to) {
    const auto* from = static_cast<const uint8_t*>(data);
    static_cast<std::vector<uint8_t>*>(to)->assign(from, from + size);
    return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
  };
  check(heif_context_write(context.get(), &writer, &bytes));
  return bytes;
}

}  // namespace
}  // namespace daclip

extern "C" __attribute__((visibility("default")))
const daclip::ImageCodec daclip_image_codec = {.decode = daclip::decode, .encode = daclip::encode};
