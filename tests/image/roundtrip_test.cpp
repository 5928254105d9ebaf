// Written and read again: every format, with bounds on what the lossy ones may change.
#include <gtest/gtest.h>

#include "core/error.h"
#include "image/formats.h"
#include "pictures.h"

namespace daclip {
namespace {

Image reload(const Image& image, const char* name, int quality = 95) {
  const ImageFormat& format = image_format(name);
  const std::vector<uint8_t> bytes = encode_image(image, format, {.quality = quality});
  EXPECT_EQ(detect_format(bytes), &format);
  return decode_image(bytes, "reloaded");
}

class Form : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(Form, is_kept_by_png_and_tiff) {
  const auto [channels, bits] = GetParam();
  for (const auto& [w, h] : {std::pair{61, 37}, {1, 1}, {3, 200}, {300, 2}}) {
    const Image image = make_picture(w, h, channels, bits);
    EXPECT_EQ(max_difference(reload(image, "png"), image), 0);
    EXPECT_EQ(max_difference(reload(image, "tiff"), image), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Roundtrip, Form, testing::Combine(testing::Values(1, 2, 3, 4), testing::Values(8, 16)));

TEST(Roundtrip, jpeg_keeps_grey_and_rgb_within_a_bound) {
  for (const int channels : {1, 3}) {
    const Image image = make_picture(61, 37, channels);
    const int at95 = max_difference(reload(image, "jpeg"), image);
    EXPECT_GE(at95, 0);
    EXPECT_LE(at95, 6);
    EXPECT_LE(max_difference(reload(image, "jpeg", 100), image), 3);
    EXPECT_LE(max_difference(reload(image, "jpeg", 75), image), 24);
  }
}

TEST(Roundtrip, jpeg_keeps_full_chroma_from_quality_90_on) {
  // One-pixel stripes of equal luma: halved chroma would blend them.
  Image image = make_picture(32, 32, 3);
  for (int i = 0; i < 32 * 32; ++i) {
    const bool odd = i % 2;
    image.data[size_t(i) * 3] = odd ? 200 : 60;
    image.data[size_t(i) * 3 + 1] = odd ? 80 : 151;
    image.data[size_t(i) * 3 + 2] = 100;
  }
  EXPECT_LE(max_difference(reload(image, "jpeg", 95), image), 16);
  EXPECT_GE(max_difference(reload(image, "jpeg", 75), image), 40);
}

TEST(Roundtrip, jpeg_reduces_16_bit_and_blends_alpha_onto_white) {
  Image image = make_picture(24, 24, 4, 16);
  for (int i = 0; i < 24 * 24; ++i) image.data16()[size_t(i) * 4 + 3] = 0;
  const Image back = reload(image, "jpeg");
  EXPECT_EQ(back.channels, 3);
  EXPECT_EQ(back.bits, 8);
  for (const uint8_t v : back.data) ASSERT_GE(v, 254);
}

TEST(Roundtrip, webp_at_100_is_lossless) {
  for (const int channels : {3, 4}) {
    const Image image = make_picture(61, 37, channels);
    EXPECT_EQ(max_difference(reload(image, "webp", 100), image), 0);
  }
}

TEST(Roundtrip, webp_keeps_rgb_and_alpha_within_a_bound) {
  for (const int channels : {3, 4}) {
    const Image image = make_picture(61, 37, channels);
    const int difference = max_difference(reload(image, "webp"), image);
    EXPECT_GE(difference, 0);
    EXPECT_LE(difference, 12);
  }
}

TEST(Roundtrip, webp_holds_grey_as_rgb_and_16_bit_as_8) {
  const Image grey = reload(make_picture(20, 10, 1), "webp", 100);
  EXPECT_EQ(grey.channels, 3);
  EXPECT_EQ(sample(grey, 7, 3, 0), sample(make_picture(20, 10, 1), 7, 3, 0));
  EXPECT_EQ(sample(grey, 7, 3, 0), sample(grey, 7, 3, 2));
  EXPECT_EQ(reload(make_picture(20, 10, 2), "webp", 100).channels, 4);
  EXPECT_EQ(max_difference(reload(make_picture(20, 10, 3, 16), "webp", 100), make_picture(20, 10, 3)), 0);
}

TEST(Roundtrip, refuses_what_a_format_cannot_hold) {
  const Image image = make_picture(4, 4, 3);
  EXPECT_THROW(encode_image(image, image_format("bmp")), UsageError);
  EXPECT_THROW(encode_image(image, image_format("jpeg"), {.quality = 0}), UsageError);
  EXPECT_THROW(encode_image(image, image_format("jpeg"), {.quality = 101}), UsageError);
  EXPECT_THROW(encode_image(make_picture(16384, 1, 3), image_format("webp")), LimitError);
  EXPECT_THROW(encode_image(make_picture(1, 65501, 3), image_format("jpeg")), LimitError);
}

}  // namespace
}  // namespace daclip
