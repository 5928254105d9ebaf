#include "sde/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"

namespace daclip {
namespace {

std::vector<double> filled(uint64_t seed, int draw, const Region& region, int channels = 3) {
  std::vector<double> values(size_t(region.width) * size_t(region.height) * size_t(channels));
  NoiseField(seed).fill(draw, region, channels, values);
  return values;
}

TEST(NoiseField, a_tile_sees_the_values_of_the_whole) {
  const std::vector<double> whole = filled(5, 2, {0, 0, 40, 30});
  for (const Region& tile : {Region{0, 0, 40, 1}, Region{7, 3, 11, 5}, Region{8, 0, 1, 30}, Region{39, 29, 1, 1}}) {
    const std::vector<double> part = filled(5, 2, tile);
    for (int y = 0; y < tile.height; ++y)
      for (int i = 0; i < tile.width * 3; ++i)
        ASSERT_EQ(part[size_t(y * tile.width * 3 + i)], whole[size_t((tile.top + y) * 120 + tile.left * 3 + i)]);
  }
}

TEST(NoiseField, seeds_and_draws_differ_and_repeat) {
  const Region region{0, 0, 16, 16};
  EXPECT_EQ(filled(1, 0, region), filled(1, 0, region));
  EXPECT_NE(filled(1, 0, region), filled(2, 0, region));
  EXPECT_NE(filled(1, 0, region), filled(1, 1, region));
}

TEST(NoiseField, is_standard_normal_and_uncorrelated) {
  const std::vector<double> a = filled(3, 0, {0, 0, 400, 300}), b = filled(3, 1, {0, 0, 400, 300});
  double mean = 0, square = 0, fourth = 0, neighbour = 0, below = 0, draws = 0;
  const size_t row = 1200;
  for (size_t i = 0; i < a.size(); ++i) {
    mean += a[i];
    square += a[i] * a[i];
    fourth += a[i] * a[i] * a[i] * a[i];
    draws += a[i] * b[i];
    if (i > 0) neighbour += a[i] * a[i - 1];
    if (i >= row) below += a[i] * a[i - row];
  }
  const double n = double(a.size()), error = 5 / std::sqrt(n);  // five standard errors
  EXPECT_NEAR(mean / n, 0, error);
  EXPECT_NEAR(square / n, 1, error * std::sqrt(2));
  EXPECT_NEAR(fourth / n, 3, error * std::sqrt(96));
  for (const double correlation : {neighbour, below, draws}) EXPECT_NEAR(correlation / n, 0, error);
}

TEST(NoiseField, refuses_a_space_of_another_size) {
  std::vector<double> values(11);
  EXPECT_THROW(NoiseField(0).fill(0, {0, 0, 2, 2}, 3, values), ShapeError);
}

}  // namespace
}  // namespace daclip
