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
  const FloatImage photo = scene(), holed = degrade(photo, {"uncompleted", {}}, 3);
  const std::optional<Mask> found = find_holes(from_rgb(holed));
  ASSERT_TRUE(found);
  for (size_t i = 0; i < photo.pixels(); ++i) ASSERT_EQ(found->keep[i], holed.data[3 * i] == photo.data[3 * i]);
}

TEST(Holes, drawn_by_any_seed_are_found_in_both_depths) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const FloatImage holed = degrade(scene(), {"uncompleted", {}}, seed);
    EXPECT_TRUE(find_holes(from_rgb(holed))) << seed;
    EXPECT_TRUE(find_holes(test::as_photo(holed, 16))) << seed;
  }
}

TEST(Holes, found_are_those_under_a_bright_sky_too) {
  FloatImage photo = scene();
  for (int x = 0; x < 160; ++x)
    for (int y = 0; y < 8; ++y) {
      const int below = y - x / 9 % 5;  // the edge of the sky
      fill(photo, x, y, 1, 1, below < 0 ? 1.f : 1.f - 0.03f * float(below + 1));
    }
  EXPECT_FALSE(find_holes(from_rgb(photo)));
  EXPECT_TRUE(find_holes(from_rgb(degrade(photo, {"uncompleted", {{"share", 0.3}}}, 3))));
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

TEST(Holes, the_gutters_of_a_collage_are_none) {
  FloatImage collage = scene();
  for (int x = 36; x < 150; x += 40) fill(collage, x, 0, 8, 120, 1);
  for (int y = 26; y < 110; y += 30) fill(collage, 0, y, 160, 8, 1);
  EXPECT_FALSE(find_holes(from_rgb(collage)));
}

TEST(Holes, boxes_on_a_photo_are_none) {
  FloatImage photo = scene();
  for (int i = 0; i < 4; ++i) fill(photo, 5 + 38 * i, 8 + 27 * i, 30, 18, 1);
  EXPECT_FALSE(find_holes(from_rgb(photo)));
}

TEST(Holes, thin_white_marks_all_over_a_photo_such_as_text_are_none) {
  FloatImage photo = scene();
  for (int y = 5; y < 110; y += 12)
    for (int x = 5; x < 150; x += 8)
      for (int i = 0; i < 7; ++i) fill(photo, x + i / 2, y + i, 2, 1, 1);
  EXPECT_FALSE(find_holes(from_rgb(photo)));
}

TEST(Holes, overexposed_areas_are_none) {
  FloatImage photo = scene();
  for (float& v : photo.data) v = std::min(1.f, v * 1.9f);
  EXPECT_FALSE(find_holes(from_rgb(photo)));
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
