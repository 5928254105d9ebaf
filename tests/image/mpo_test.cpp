// Several JPEGs in one file.
#include <gtest/gtest.h>

#include "core/error.h"
#include "image/formats.h"
#include "mpo_writer.h"

namespace daclip {
namespace {

TEST(Mpo, is_told_from_jpeg_by_its_views) {
  const Image left = make_picture(40, 24, 3), right = make_picture(30, 20, 3);
  EXPECT_EQ(detect_format(test::make_mpo({{left, 0x030000}, {right, 0x020002}})), &image_format("mpo"));
  for (const uint32_t kind : {0x010001u, 0x010002u, 0u})  // previews, and maps of phones
    EXPECT_EQ(detect_format(test::make_mpo({{left, 0x030000}, {right, kind}})), &image_format("jpeg")) << kind;
  EXPECT_EQ(detect_format(encode_image(left, image_format("jpeg"))), &image_format("jpeg"));
}

TEST(Mpo, gives_its_views_one_by_one) {
  const Image left = make_picture(40, 24, 3), right = make_picture(30, 20, 3), preview = make_picture(8, 8, 3);
  const std::vector<uint8_t> file = test::make_mpo({{left, 0x020002}, {preview, 0x010001}, {right, 0x020002}});
  const Image first = decode_image(file), second = decode_image(file, "mpo", {.page = 1});
  EXPECT_EQ(first.source.pages, 2);
  EXPECT_EQ(first.width, 40);
  EXPECT_EQ(second.width, 30);
  EXPECT_THROW(decode_image(file, "mpo", {.page = 2}), FormatError);
}

TEST(Mpo, that_is_cut_still_gives_the_views_that_are_whole) {
  const Image left = make_picture(40, 24, 3), right = make_picture(30, 20, 3);
  std::vector<uint8_t> file = test::make_mpo({{left, 0x020002}, {right, 0x020002}});
  file.resize(file.size() - 20);
  const Image first = decode_image(file);
  EXPECT_EQ(first.source.pages, 1);
  EXPECT_EQ(first.width, 40);
}

}  // namespace
}  // namespace daclip
