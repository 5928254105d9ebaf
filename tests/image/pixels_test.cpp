#include "image/pixels.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "pipeline/test_photo.h"

namespace daclip {
namespace {

TEST(Pixels, a_region_equals_that_part_of_the_whole) {
  for (const int bits : {8, 16})
    for (const int channels : {1, 2, 3, 4}) {
      const Image image = test::test_photo_as(37, 29, channels, bits);
      const FloatImage whole = to_rgb(image), part = rgb_region(image, 5, 7, 20, 11);
      for (int y = 0; y < 11; ++y)
        for (int x = 0; x < 20; ++x)
          for (int c = 0; c < 3; ++c) ASSERT_NEAR(part.at(x, y, c), whole.at(x + 5, y + 7, c), 1e-6);
    }
}

TEST(Pixels, storing_what_was_read_changes_nothing) {
  for (const int bits : {8, 16})
    for (const int channels : {1, 2, 3, 4}) {
      const Image image = test::test_photo_as(37, 29, channels, bits);
      Image copy = image;
      store_region(copy, 3, 4, rgb_region(image, 3, 4, 30, 20));
      EXPECT_EQ(copy.data, image.data) << channels << " channels, " << bits << " bits";
    }
}

TEST(Pixels, rectangles_outside_are_refused) {
  const Image image = test::test_photo(10, 10);
  EXPECT_THROW(rgb_region(image, 5, 0, 6, 1), ShapeError);
  EXPECT_THROW(rgb_region(image, -1, 0, 2, 1), ShapeError);
  EXPECT_THROW(rgb_region(image, 0, 0, 0, 1), ShapeError);
}

TEST(Pixels, a_picture_is_continued_as_its_own_mirror_image) {
  FloatImage row(3, 1, 1);
  row.data = {0, 1, 2};
  EXPECT_EQ(continued(row, 7, 2).data, (std::vector<float>{0, 1, 2, 1, 0, 1, 2, 0, 1, 2, 1, 0, 1, 2}));
  EXPECT_EQ(continued(FloatImage(1, 1, 3, 0.5f), 4, 3).data, std::vector<float>(36, 0.5f));
}

TEST(Pixels, box_reduction_keeps_the_mean) {
  Image image = test::test_photo(64, 48);
  const FloatImage reduced = box_reduced(image, 4), whole = to_rgb(image);
  ASSERT_EQ(reduced.width, 16);
  ASSERT_EQ(reduced.height, 12);
  double a = 0, b = 0;
  for (const float v : reduced.data) a += double(v) / double(reduced.data.size());
  for (const float v : whole.data) b += double(v) / double(whole.data.size());
  EXPECT_NEAR(a, b, 1e-5);
  EXPECT_EQ(box_reduced(test::test_photo(5, 3), 4).width, 2);
}

}  // namespace
}  // namespace daclip
