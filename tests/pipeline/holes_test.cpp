#include "pipeline/holes.h"

#include <gtest/gtest.h>

#include "degrade/degrade.h"
#include "pipeline/test_photo.h"

namespace daclip {
namespace {

// Darkened, so that holes stand out everywhere.
FloatImage scene() {
  FloatImage image = test::test_scene(160, 120);
  for (float& v : image.data) v *= 0.8f;
  return image;
}

void fill(FloatImage& image, int left, int top, int width, int height, float value) {
  for (int y = top; y < top + height; ++y)
    for (int x = left; x < left + width; ++x)
      for (int c = 0; c < 3; ++c) image.at(x, y, c) = value;
}

TEST(Holes, of_a_mask_are_found_to_the_pixel) {
  FloatImage mask(160, 120, 1);
  for (size_t i = 0; i < mask.data.size(); ++i) mask.data[i] = i % 160 > 60 && i % 160 < 75 ? 0.f : 1.f;
  const std::optional<Mask> found = find_holes(from_rgb(apply_mask(scene(), mask)));
  ASSERT_TRUE(found);
  for (size_t i = 0; i < mask.data.size(); ++i) ASSERT_EQ(found->keep[i], mask.data[i] > 0);
}

TEST(Holes, drawn_by_any_seed_are_found_in_both_depths) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const FloatImage holed = degrade(scene(), {"uncompleted", {}}, seed);
    EXPECT_TRUE(find_holes(from_rgb(holed))) << seed;
    EXPECT_TRUE(find_holes(test::as_photo(holed, 16))) << seed;
  }
}

TEST(Holes, a_photo_without_white_has_none) { EXPECT_FALSE(find_holes(from_rgb(scene()))); }

TEST(Holes, the_white_border_of_a_print_is_none) {
  FloatImage print(160, 120, 3);
  fill(print, 0, 0, 160, 120, 1);
  const FloatImage photo = scene();
  for (int y = 10; y < 110; ++y) std::copy_n(photo.row(y) + 30, 140 * 3, print.row(y) + 30);
  EXPECT_FALSE(find_holes(from_rgb(print)));
}

TEST(Holes, the_white_of_a_page_is_none) {
  FloatImage page(160, 120, 3);
  fill(page, 0, 0, 160, 120, 1);
  for (int row = 20; row < 100; row += 10)
    for (int x = 20; x < 140; x += 7) fill(page, x, row, 4, 5, 0.1f);
  EXPECT_FALSE(find_holes(from_rgb(page)));
}

TEST(Holes, a_white_sky_with_a_soft_border_is_none) {
  FloatImage photo = scene();
  fill(photo, 0, 0, 160, 50, 1);
  for (int y = 50; y < 60; ++y)
    for (int x = 0; x < 160; ++x)
      for (int c = 0; c < 3; ++c) photo.at(x, y, c) = 1.f - 0.006f * float(y - 49) - 0.002f * float(x % 3);
  EXPECT_FALSE(find_holes(from_rgb(photo)));
}

}  // namespace
}  // namespace daclip
