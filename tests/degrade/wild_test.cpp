#include "degrade/wild.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/error.h"
#include "degrade/blur_kernels.h"
#include "pictures.h"

namespace daclip {
namespace {

TEST(Wild, same_seed_same_pixels_and_whole_levels) {
  const FloatImage gt = ramps(61, 47);
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const FloatImage a = degrade_wild(gt, seed);
    ASSERT_TRUE(a.same_size(gt)) << seed;
    EXPECT_EQ(a.data, degrade_wild(gt, seed).data) << seed;
    EXPECT_NE(a.data, degrade_wild(gt, seed + 100).data) << seed;
    for (float v : a.data) ASSERT_NEAR(v * 255, std::round(v * 255), 1e-3) << seed;
  }
}

TEST(Wild, damages_every_photo_but_keeps_what_it_shows) {
  const FloatImage gt = ramps(96, 80);
  double lowest = 100, sum = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const double quality = psnr(degrade_wild(gt, seed), gt);
    lowest = std::min(lowest, quality);
    sum += quality;
  }
  EXPECT_GT(lowest, 12);
  EXPECT_LT(sum / 40, 34);
}

TEST(Wild, the_smallest_pictures) {
  for (const auto& [width, height] : {std::pair(1, 1), {1, 40}, {3, 2}})
    for (uint64_t seed = 0; seed < 20; ++seed)
      EXPECT_EQ(degrade_wild(FloatImage(width, height, 3, 0.5f), seed).width, width);
  EXPECT_THROW(degrade_wild(FloatImage(4, 4, 1), 0), ShapeError);
}

TEST(BlurKernels, keep_brightness) {
  const FloatImage grey(17, 9, 3, 0.4f);
  for (const BlurKernel& kernel : {gaussian_kernel(7, 1, 2, 0.5), plateau_kernel(21, 1, 2, 0.5, 1.3), disc_kernel(19),
                                   box_kernel(5), line_kernel(9, 100), sinc_kernel(13, 1.2)})
    EXPECT_LT(largest_difference(filter(grey, kernel), grey), 1e-5f);
  EXPECT_THROW(box_kernel(4), UsageError);
}

}  // namespace
}  // namespace daclip
