#include "data/pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "photos.h"

namespace daclip {
namespace {

TEST(Pages, have_the_photos_size_and_8_bit_values_whatever_is_drawn) {
  const PackPhoto photo = made_photo("p", 70, 50, 1);
  const FloatImage rgb = to_float_image(photo.gt, photo.width, photo.height);
  int white = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    const FloatImage page = made_up_page(rgb, random);
    ASSERT_TRUE(page.same_size(rgb));
    for (const float v : page.data) ASSERT_NEAR(v * 255, std::round(v * 255), 1e-3);
    white += std::ranges::count(page.data, 1.f) > 500;
  }
  EXPECT_GT(white, 15);
}

TEST(Pages, of_one_pixel_are_possible) {
  FloatImage pixel(1, 1, 3);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    EXPECT_EQ(made_up_page(pixel, random).pixels(), 1u);
  }
}

}  // namespace
}  // namespace daclip
