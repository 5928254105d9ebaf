#include "data/crop.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace daclip {
namespace {

TEST(Crop, turns_both_ways_and_keeps_every_pixel) {
  FloatImage image(3, 3, 1);
  for (int i = 0; i < 9; ++i) image.data[size_t(i)] = float(i);
  const auto turned = [&](int turn) { return crop(image, {0, 0, 3, 3, turn}).data; };
  EXPECT_EQ(turned(0), image.data);
  EXPECT_EQ(turned(1), (std::vector<float>{2, 1, 0, 5, 4, 3, 8, 7, 6}));
  EXPECT_EQ(turned(2), (std::vector<float>{6, 7, 8, 3, 4, 5, 0, 1, 2}));
  EXPECT_EQ(turned(4), (std::vector<float>{0, 3, 6, 1, 4, 7, 2, 5, 8}));
}

TEST(Crop, regions_keep_their_share_and_the_phase_of_jpeg_blocks) {
  Random random(1);
  for (int i = 0; i < 50; ++i) {
    const CropPlan plan = random_region(200, 150, 0.5, random);
    EXPECT_EQ(plan.x % 8, 0);
    EXPECT_EQ(plan.y % 8, 0);
    EXPECT_LE(plan.x + plan.width, 200);
    EXPECT_LE(plan.y + plan.height, 150);
    EXPECT_GT(plan.width * plan.height, 200 * 150 * 0.4);
  }
  EXPECT_THROW(random_square(20, 30, 25, random), ShapeError);
}

}  // namespace
}  // namespace daclip
