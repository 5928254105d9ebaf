// Several pictures in one HEIF file, which libheif itself writes.
#include <gtest/gtest.h>

#include <libheif/heif.h>

#include "image/io.h"

namespace daclip {
namespace {

std::vector<uint8_t> bytes_of(heif_context* context) {
  std::vector<uint8_t> bytes;
  heif_writer writer{};
  writer.writer_api_version = 1;
  writer.write = [](heif_context*, const void* data, size_t size, void* to) {
    const auto* from = static_cast<const uint8_t*>(data);
    static_cast<std::vector<uint8_t>*>(to)->assign(from, from + size);
    return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
  };
  heif_context_write(context, &writer, &bytes);
  return bytes;
}

heif_image_handle* add_picture(heif_context* context, heif_encoder* encoder, int width, int height) {
  heif_image* image = nullptr;
  heif_image_create(width, height, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &image);
  heif_image_add_plane(image, heif_channel_interleaved, width, height, 8);
  heif_image_handle* handle = nullptr;
  heif_context_encode_image(context, image, encoder, nullptr, &handle);
  heif_image_release(image);
  return handle;
}

TEST(Heif, gives_its_primary_picture_first_and_every_other_once) {
  heif_context* context = heif_context_alloc();
  heif_encoder* encoder = nullptr;
  ASSERT_EQ(heif_context_get_encoder_for_format(context, heif_compression_AV1, &encoder).code, heif_error_Ok);
  for (const int width : {64, 80, 96}) {
    heif_image_handle* handle = add_picture(context, encoder, width, 64);
    if (width == 80) heif_context_set_primary_image(context, handle);
    heif_image_handle_release(handle);
  }
  heif_encoder_release(encoder);
  const std::vector<uint8_t> file = bytes_of(context);
  heif_context_free(context);
  EXPECT_EQ(decode_image(file).source.pages, 3);
  for (const auto& [page, width] : {std::pair{0, 80}, {1, 64}, {2, 96}})
    EXPECT_EQ(decode_image(file, "heif", {.page = page}).width, width) << page;
}

}  // namespace
}  // namespace daclip
