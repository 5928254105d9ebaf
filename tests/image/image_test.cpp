#include "image/image.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "pictures.h"

namespace daclip {
namespace {

class Forms : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(Forms, survive_the_way_through_floats) {
  const auto [channels, bits] = GetParam();
  Image image = make_picture(17, 11, channels, bits);
  image.icc = {1, 2, 3};
  image.metadata.exif = {4, 5};
  const Image back = from_rgb(to_rgb(image), image);
  EXPECT_EQ(max_difference(image, back), 0);
  EXPECT_EQ(back.icc, image.icc);
  EXPECT_EQ(back.metadata.exif, image.metadata.exif);
}

INSTANTIATE_TEST_SUITE_P(Image, Forms, testing::Combine(testing::Values(1, 2, 3, 4), testing::Values(8, 16)));

TEST(Image, repeats_grey_in_the_three_channels) {
  const FloatImage rgb = to_rgb(make_picture(5, 4, 2));
  ASSERT_EQ(rgb.channels, 3);
  EXPECT_EQ(rgb.at(3, 2, 0), rgb.at(3, 2, 1));
  EXPECT_EQ(rgb.at(3, 2, 0), rgb.at(3, 2, 2));
}

TEST(Image, clamps_and_rounds_to_nearest) {
  FloatImage rgb(2, 1, 3);
  rgb.data = {-1.f, 2.f, 100.4f / 255.f, 100.6f / 255.f, std::numeric_limits<float>::quiet_NaN(), 1.f};
  EXPECT_EQ(from_rgb(rgb).data, (std::vector<uint8_t>{0, 255, 100, 101, 0, 255}));
}

TEST(Image, refuses_another_size) {
  EXPECT_THROW(from_rgb(FloatImage(3, 2, 3), make_picture(2, 3, 3)), ShapeError);
  EXPECT_THROW(from_rgb(FloatImage(3, 2, 1)), ShapeError);
}

TEST(Image, refuses_fields_that_contradict_each_other) {
  Image image = make_picture(3, 2, 3);
  image.data.pop_back();
  EXPECT_THROW(validate(image, "test"), ShapeError);
  EXPECT_THROW(to_rgb(image), ShapeError);
}

}  // namespace
}  // namespace daclip
