#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "metrics/metric.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"

namespace daclip {
namespace {

FloatImage noise(int width, int height, uint64_t seed) {
  Random random(seed);
  FloatImage image(width, height, 3);
  for (float& v : image.data) v = float(random.below(256)) / 255.f;
  return image;
}

TEST(Psnr, of_equal_images_is_infinite) {
  const FloatImage a = noise(8, 6, 1);
  EXPECT_EQ(psnr(a, a), HUGE_VAL);
  EXPECT_EQ(psnr_y(a, a), HUGE_VAL);
}

TEST(Psnr, follows_its_definition) {
  const FloatImage a(5, 5, 3, 100 / 255.f), b(5, 5, 3, 110 / 255.f);
  EXPECT_NEAR(psnr(a, b), 20 * std::log10(255 / 10.0), 1e-12);
  EXPECT_NEAR(psnr_y(a, b), 20 * std::log10(255 / (10 * 219 / 255.0)), 1e-9);
}

TEST(Psnr, leaves_the_border_out) {
  const FloatImage a(9, 9, 3, 0.5f);
  FloatImage b = a;
  b.at(0, 4, 1) = 1.f;
  EXPECT_LT(psnr(a, b), 60);
  EXPECT_EQ(psnr(a, b, 1), HUGE_VAL);
  EXPECT_EQ(psnr_y(a, b, 4), HUGE_VAL);
}

TEST(Psnr, rounds_to_8_bit_levels) {
  const FloatImage a(5, 5, 3, 100 / 255.f), b(5, 5, 3, 100.4f / 255.f);
  EXPECT_EQ(psnr(a, b), HUGE_VAL);
}

TEST(Ssim, of_equal_images_is_one) {
  const FloatImage a = noise(20, 14, 2);
  EXPECT_NEAR(ssim(a, a), 1, 1e-12);
  EXPECT_NEAR(ssim_y(a, a), 1, 1e-12);
}

TEST(Ssim, is_symmetric_and_near_zero_for_unrelated_noise) {
  const FloatImage a = noise(64, 48, 3), b = noise(64, 48, 4);
  EXPECT_DOUBLE_EQ(ssim(a, b), ssim(b, a));
  EXPECT_LT(std::abs(ssim(a, b)), 0.1);
}

// By definition, with the 11x11 window as a double sum.
TEST(Ssim, equals_the_plain_two_dimensional_sum) {
  FloatImage a = noise(15, 13, 5), b = noise(15, 13, 6);
  for (size_t i = 0; i < b.data.size(); ++i)
    b.data[i] = std::round((a.data[i] * 0.7f + b.data[i] * 0.3f) * 255.f) / 255.f;
  double window[11][11], total = 0, sum = 0;
  for (int i = 0; i < 11; ++i)
    for (int j = 0; j < 11; ++j)
      total += window[i][j] = std::exp(-((i - 5) * (i - 5) + (j - 5) * (j - 5)) / (2 * 1.5 * 1.5));
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y + 11 <= 13; ++y)
      for (int x = 0; x + 11 <= 15; ++x) {
        double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
        for (int i = 0; i < 11; ++i)
          for (int j = 0; j < 11; ++j) {
            const double w = window[i][j] / total, p = std::round(a.at(x + j, y + i, c) * 255.),
                         q = std::round(b.at(x + j, y + i, c) * 255.);
            ma += w * p, mb += w * q, aa += w * p * p, bb += w * q * q, ab += w * p * q;
          }
        sum += (2 * ma * mb + 6.5025) * (2 * (ab - ma * mb) + 58.5225) /
               ((ma * ma + mb * mb + 6.5025) * (aa - ma * ma + bb - mb * mb + 58.5225));
      }
  EXPECT_NEAR(ssim(a, b), sum / (3 * 3 * 5), 1e-10);
}

TEST(Metrics, refuse_images_that_do_not_fit) {
  EXPECT_THROW(psnr(FloatImage(4, 4, 3), FloatImage(4, 5, 3)), ShapeError);
  EXPECT_THROW(ssim(FloatImage(12, 12, 3), FloatImage(12, 13, 3)), ShapeError);
  EXPECT_THROW(psnr(FloatImage(4, 4, 1), FloatImage(4, 4, 1)), ShapeError);
  EXPECT_THROW(psnr(FloatImage(8, 8, 3), FloatImage(8, 8, 3), 4), ShapeError);
  EXPECT_THROW(ssim(FloatImage(10, 30, 3), FloatImage(10, 30, 3)), ShapeError);
}

TEST(Metrics, are_found_by_their_own_names_only) {
  for (const Metric& metric : metrics()) EXPECT_EQ(&metric_by_name(metric.name), &metric) << metric.name;
  EXPECT_EQ(find_metric("lpips-alexnet"), nullptr);
  try {
    metric_by_name("beauty");
    FAIL() << "knew beauty";
  } catch (const UsageError& error) {
    EXPECT_STREQ(
        error.what(),
        "metric beauty: expected one of psnr, ssim, lpips, lpips-squeeze, lpips-vgg, frechet-alex, fid, brisque");
  }
}

// More rows than a strip has, in one that is a part of a strip at the end.
TEST(Metrics, of_files_pictures_equal_those_of_floats_whatever_the_strips) {
  const auto picture = [](int seed) {
    Image image;
    image.width = 900;
    image.height = 1200;
    image.channels = 3;
    image.data.resize(image.samples());
    for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = uint8_t((i * i / 7 + size_t(seed) * i / 1000) % 251);
    return image;
  };
  const Image a = picture(1), b = picture(3);
  for (const int crop : {0, 4}) {
    EXPECT_NEAR(psnr(a, b, crop), psnr(to_rgb(a), to_rgb(b), crop), 1e-9);
    EXPECT_NEAR(psnr_y(a, b, crop), psnr_y(to_rgb(a), to_rgb(b), crop), 1e-9);
    EXPECT_NEAR(ssim(a, b, crop), ssim(to_rgb(a), to_rgb(b), crop), 1e-9);
    EXPECT_NEAR(ssim_y(a, b, crop), ssim_y(to_rgb(a), to_rgb(b), crop), 1e-9);
  }
  EXPECT_TRUE(std::isinf(psnr(a, a)));
  EXPECT_NEAR(ssim(a, a), 1, 1e-12);
}

TEST(Metrics, of_files_pictures_refuse_what_those_of_floats_refuse) {
  Image a, b;
  a.width = a.height = b.width = 12;
  b.height = 13;
  a.channels = b.channels = 1;
  a.data.resize(144);
  b.data.resize(156);
  EXPECT_THROW(psnr(a, b), ShapeError);
  EXPECT_THROW(psnr(a, a, 6), ShapeError);
  EXPECT_THROW(ssim(a, a, 1), ShapeError);
}

}  // namespace
}  // namespace daclip
