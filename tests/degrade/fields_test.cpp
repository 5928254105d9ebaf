// The degradations' shared tools against their definitions.
#include "degrade/fields.h"

#include <gtest/gtest.h>

#include <cmath>

#include "pictures.h"

namespace daclip {
namespace {

TEST(FastMath, agrees_with_the_library) {
  for (float x = -20; x < 20; x += 0.037f) EXPECT_NEAR(fast_exp(x) / std::exp(double(x)), 1, 2e-6) << x;
  for (float x = 1e-6f; x < 1e4f; x *= 1.013f) EXPECT_NEAR(fast_log(x), std::log(double(x)), 2e-6) << x;
  for (float x = 0.01f; x < 2; x *= 1.1f) EXPECT_NEAR(fast_pow(x, 1.7f), std::pow(double(x), 1.7), 1e-5) << x;
}

TEST(Transfer, is_srgb_and_comes_back) {
  EXPECT_FLOAT_EQ(srgb_to_linear(0), 0);
  EXPECT_FLOAT_EQ(srgb_to_linear(1), 1);
  EXPECT_NEAR(srgb_to_linear(0.5f), 0.214041, 1e-5);
  for (int i = 0; i <= 255; ++i) EXPECT_NEAR(linear_to_srgb(srgb_to_linear(float(i) / 255)), float(i) / 255, 1e-5f);
}

TEST(RoundToBytes, leaves_the_levels_of_8_bit_and_nothing_outside) {
  FloatImage image(5, 1, 1);
  image.data = {-0.3f, 0.4f / 255, 0.6f / 255, 200.f / 255, 1.2f};
  round_to_bytes(image);
  EXPECT_EQ(image.data, (std::vector<float>{0, 0, 1.f / 255, 200.f / 255, 1}));
}

TEST(GaussianBlur, keeps_flat_pictures_and_does_nothing_for_zero) {
  for (double sigma : {0.5, 2.0, 7.0, 30.0}) {
    FloatImage image(37, 23, 2, 0.6f);
    gaussian_blur(image, sigma);
    for (float v : image.data) EXPECT_NEAR(v, 0.6f, 1e-5f) << sigma;
  }
  FloatImage image = ramps(20, 20);
  gaussian_blur(image, 0);
  EXPECT_EQ(image.data, ramps(20, 20).data);
}

TEST(GaussianBlur, spreads_a_point_by_sigma) {
  for (double sigma : {1.0, 3.0, 6.0, 12.0}) {
    FloatImage image(151, 151, 1);
    image.at(75, 75, 0) = 1;
    gaussian_blur(image, sigma);
    double sum = 0, square = 0, x_mean = 0;
    for (int y = 0; y < 151; ++y)
      for (int x = 0; x < 151; ++x) {
        sum += image.at(x, y, 0);
        square += (x - 75) * (x - 75) * image.at(x, y, 0);
        x_mean += x * image.at(x, y, 0);
      }
    EXPECT_NEAR(sum, 1, 0.02) << sigma;
    EXPECT_NEAR(std::sqrt(square / sum), sigma, 0.06 * sigma);
    EXPECT_NEAR(x_mean / sum, 75, std::max(0.1, sigma / 5)) << "a wide blur places a point within a block";
  }
}

TEST(ValueNoise, spans_zero_to_one_smoothly) {
  Random random(3);
  const FloatImage field = value_noise(160, 120, 40, 3, 0.5, random);
  EXPECT_EQ(*std::min_element(field.data.begin(), field.data.end()), 0.f);
  EXPECT_EQ(*std::max_element(field.data.begin(), field.data.end()), 1.f);
  for (int y = 0; y < 120; ++y)
    for (int x = 1; x < 160; ++x) EXPECT_LT(std::abs(field.at(x, y, 0) - field.at(x - 1, y, 0)), 0.12f);
}

TEST(ValueNoise, serves_single_pixels) {
  Random random(3);
  EXPECT_EQ(value_noise(1, 1, 10, 3, 0.5, random).at(0, 0, 0), 0.5f);
}

TEST(FillUniform, is_flat_in_the_unit_interval) {
  Random random(1);
  std::vector<float> samples(100000);
  fill_uniform(samples, random);
  int bins[10] = {};
  for (float v : samples) {
    ASSERT_TRUE(v >= 0 && v < 1);
    ++bins[int(v * 10)];
  }
  for (int count : bins) EXPECT_NEAR(count, 10000, 400);
}

TEST(BoxReduce, averages_partial_blocks_by_what_they_hold) {
  FloatImage image(3, 1, 1);
  image.data = {1, 3, 7};
  EXPECT_EQ(box_reduce(image, 2).data, (std::vector<float>{2, 7}));
}

TEST(BilinearSample, repeats_edges) {
  FloatImage image(2, 1, 1);
  image.data = {1, 3};
  EXPECT_FLOAT_EQ(bilinear_sample(image, 0.25f, 0, 0), 1.5f);
  EXPECT_FLOAT_EQ(bilinear_sample(image, -5, 9, 0), 1);
  EXPECT_FLOAT_EQ(bilinear_sample(image, 5, -9, 0), 3);
}

}  // namespace
}  // namespace daclip
