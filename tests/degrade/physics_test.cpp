// Identities of the physical models: what must stay constant, and what must change by a known amount.
#include <gtest/gtest.h>

#include <numeric>

#include "core/error.h"
#include "degrade/degrade.h"
#include "degrade/fields.h"
#include "pictures.h"

namespace daclip {
namespace {

FloatImage degraded(const FloatImage& gt, const char* spec, uint64_t seed = 4) {
  return degrade(gt, parse_degrade_spec(spec), seed);
}

double mean(const FloatImage& image) {
  return std::accumulate(image.data.begin(), image.data.end(), 0.0) / double(image.data.size());
}

TEST(Haze, of_no_optical_depth_is_the_photo) {
  const FloatImage gt = ramps(70, 50);
  EXPECT_LT(largest_difference(degraded(gt, "hazy:beta=0"), gt), 1e-6f);
}

TEST(Haze, of_great_optical_depth_is_the_airlight) {
  const FloatImage out = degraded(ramps(70, 50), "hazy:beta=20,near=1,airlight=0.8,tint=0");
  for (float v : out.data) EXPECT_NEAR(v, 0.8f, 1e-4f);
}

TEST(Haze, of_constant_depth_is_one_blend) {
  const FloatImage gt = ramps(40, 30), out = degraded(gt, "hazy:beta=1,near=1,airlight=0.9,tint=0");
  const float t = std::exp(-1.f);
  for (size_t i = 0; i < gt.data.size(); ++i) EXPECT_NEAR(out.data[i], gt.data[i] * t + 0.9f * (1 - t), 1e-5f);
}

TEST(Haze, leaves_a_photo_of_the_airlights_colour) {
  const FloatImage gt(50, 40, 3, 0.8f);
  EXPECT_LT(largest_difference(degraded(gt, "hazy:airlight=0.8,tint=0"), gt), 1e-5f);
}

TEST(Noise, of_sigma_zero_is_the_photo) {
  const FloatImage gt = ramps(33, 21);
  EXPECT_EQ(degraded(gt, "noisy:sigma=0").data, gt.data);
}

TEST(Noise, has_the_asked_moments_and_no_correlation) {
  const FloatImage gt(400, 300, 3, 0.5f);
  const FloatImage out = degraded(gt, "noisy:sigma=20");
  double sum = 0, square = 0, cube = 0, fourth = 0, across = 0, down = 0, colours = 0;
  const double n = double(out.data.size());
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      for (int c = 0; c < 3; ++c) {
        const double v = (out.at(x, y, c) - 0.5) * 255 / 20;
        sum += v;
        square += v * v;
        cube += v * v * v;
        fourth += v * v * v * v;
        across += v * (out.at((x + 1) % out.width, y, c) - 0.5) * 255 / 20;
        down += v * (out.at(x, (y + 1) % out.height, c) - 0.5) * 255 / 20;
        colours += v * (out.at(x, y, (c + 1) % 3) - 0.5) * 255 / 20;
      }
  EXPECT_NEAR(sum / n, 0, 0.01);
  EXPECT_NEAR(square / n, 1, 0.01);
  EXPECT_NEAR(cube / n, 0, 0.03);
  EXPECT_NEAR(fourth / n, 3, 0.08);
  for (double correlation : {across, down, colours}) EXPECT_NEAR(correlation / n, 0, 0.01);
}

// Noise on a middle grey, relative to sigma: variance of one channel, and the part shared by two channels.
struct Moments {
  double variance, shared;
};

Moments moments(const char* spec) {
  const FloatImage out = degraded(FloatImage(300, 200, 3, 0.5f), spec);
  Moments m = {};
  for (size_t i = 0; i < out.pixels(); ++i) {
    const double r = (out.data[3 * i] - 0.5) * 255 / 20, g = (out.data[3 * i + 1] - 0.5) * 255 / 20;
    m.variance += g * g / double(out.pixels());
    m.shared += r * g / double(out.pixels());
  }
  return m;
}

TEST(Noise, keeps_its_variance_with_grain_and_shared_channels) {
  for (const char* spec : {"noisy:sigma=20,grain=1", "noisy:sigma=20,grey=0.7", "noisy:sigma=20,shot=0.8"})
    EXPECT_NEAR(moments(spec).variance, 1, 0.06) << spec;
  EXPECT_NEAR(moments("noisy:sigma=20,grey=0.7").shared, 0.7, 0.05);
}

TEST(Noise, of_colour_blotches_has_no_luma) {
  const FloatImage gt(90, 70, 3, 0.5f);
  const FloatImage plain = degraded(gt, "noisy:sigma=10"), blotched = degraded(gt, "noisy:sigma=10,chroma=0.8");
  for (size_t i = 0; i < gt.pixels(); ++i) {
    float sum = 0;
    for (size_t c = 0; c < 3; ++c) sum += blotched.data[3 * i + c] - plain.data[3 * i + c];
    ASSERT_NEAR(sum, 0, 1e-4f);
  }
  EXPECT_GT(largest_difference(plain, blotched), 0.02f);
}

TEST(MotionBlur, of_no_length_is_the_photo) {
  const FloatImage gt = ramps(33, 21);
  EXPECT_EQ(degraded(gt, "motion-blurry:length=0,noise=0").data, gt.data);
}

TEST(MotionBlur, leaves_flat_photos) {
  const FloatImage gt(60, 40, 3, 0.4f);
  EXPECT_LT(largest_difference(degraded(gt, "motion-blurry:length=25,noise=0"), gt), 1e-4f);
  EXPECT_LT(largest_difference(degraded(gt, "motion-blurry:length=25,defocus=2,noise=0"), gt), 1e-4f);
}

TEST(MotionBlur, keeps_the_light_of_a_point) {
  FloatImage gt(121, 121, 3);
  for (int c = 0; c < 3; ++c) gt.at(60, 60, c) = 1;
  const FloatImage out = to_linear(degraded(gt, "motion-blurry:length=20,noise=0"));
  double sum = 0, x_sum = 0, y_sum = 0;
  for (int y = 0; y < 121; ++y)
    for (int x = 0; x < 121; ++x) {
      sum += out.at(x, y, 1);
      x_sum += x * out.at(x, y, 1);
      y_sum += y * out.at(x, y, 1);
    }
  EXPECT_NEAR(sum, 1, 0.02);
  EXPECT_NEAR(x_sum / sum, 60, 0.1) << "the blur must not shift the photo";
  EXPECT_NEAR(y_sum / sum, 60, 0.1);
}

TEST(MotionBlur, along_a_straight_path_is_as_long_as_asked) {
  FloatImage gt(121, 121, 3);
  for (int c = 0; c < 3; ++c) gt.at(60, 60, c) = 1;
  const FloatImage out = degraded(gt, "motion-blurry:length=30,curvature=0,shakes=0,noise=0");
  double farthest = 0;
  for (int y = 0; y < 121; ++y)
    for (int x = 0; x < 121; ++x)
      if (out.at(x, y, 0) > 0.02) farthest = std::max(farthest, std::hypot(x - 60, y - 60));
  EXPECT_NEAR(farthest, 15, 1.5);
}

TEST(LowLight, without_any_loss_is_the_photo_in_levels) {
  const FloatImage gt = speckle(40, 30, 1);
  const FloatImage out = degraded(gt, "low-light:exposure=0,gamma=1,black=0,shot=0,read=0,falloff=0");
  EXPECT_LT(largest_difference(out, gt), 1e-6f);
}

TEST(LowLight, exposes_in_linear_light) {
  const FloatImage gt(20, 20, 3, 0.8f);
  const FloatImage out = degraded(gt, "low-light:exposure=-3,gamma=1,black=0,shot=0,read=0,falloff=0");
  for (float v : out.data) EXPECT_NEAR(v, linear_to_srgb(srgb_to_linear(0.8f) / 8), 0.5f / 255 + 1e-5f);
}

TEST(LowLight, noise_grows_with_the_light) {
  const auto deviation = [](float value) {
    const FloatImage out =
        degraded(FloatImage(200, 200, 3, value), "low-light:exposure=0,gamma=1,black=0,shot=0.001,read=0,falloff=0");
    double sum = 0, square = 0;
    for (float v : out.data) {
      const double light = srgb_to_linear(v);
      sum += light;
      square += light * light;
    }
    const double n = double(out.data.size());
    return std::sqrt(square / n - sum * sum / n / n);
  };
  const double dark = srgb_to_linear(0.4f), bright = srgb_to_linear(0.8f);
  EXPECT_NEAR(deviation(0.4f), std::sqrt(0.001 * dark), 0.05 * std::sqrt(0.001 * dark));
  EXPECT_NEAR(deviation(0.8f), std::sqrt(0.001 * bright), 0.05 * std::sqrt(0.001 * bright));
}

TEST(Jpeg, at_full_quality_is_nearly_the_photo) {
  EXPECT_LT(
      largest_difference(degraded(speckle(61, 43, 2), "jpeg-compressed:quality=100,chroma=1"), speckle(61, 43, 2)),
      5.5f / 255);
  EXPECT_GT(psnr(degraded(ramps(61, 43), "jpeg-compressed:quality=100,chroma=1"), ramps(61, 43)), 50);
}

TEST(Jpeg, loses_more_at_lower_quality) {
  const FloatImage gt = ramps(96, 80);
  double last = 0;
  for (const char* spec : {"jpeg-compressed:quality=5", "jpeg-compressed:quality=20", "jpeg-compressed:quality=60"}) {
    const double now = psnr(degraded(gt, spec), gt);
    EXPECT_GT(now, last) << spec;
    last = now;
  }
}

TEST(Inpainting, keeps_pixels_exactly_or_makes_them_white) {
  const FloatImage gt = ramps(120, 90);
  for (const char* spec : {"uncompleted:shape=0", "uncompleted:shape=1", "uncompleted:shape=2"}) {
    const FloatImage out = degraded(gt, spec);
    size_t white = 0;
    for (size_t i = 0; i < gt.pixels(); ++i) {
      const bool kept = std::equal(&gt.data[3 * i], &gt.data[3 * i] + 3, &out.data[3 * i]);
      const bool hole = out.data[3 * i] == 1.f && out.data[3 * i + 1] == 1.f && out.data[3 * i + 2] == 1.f;
      EXPECT_TRUE(kept || hole);
      white += hole;
    }
    EXPECT_GT(white, 0u) << spec;
  }
}

TEST(Inpainting, removes_the_requested_fraction) {
  const FloatImage gt(256, 256, 3, 0.f);
  for (double share : {0.1, 0.3, 0.5}) {
    const FloatImage out = degrade(gt, DegradeSpec{"uncompleted", {{"share", share}}}, 8);
    EXPECT_NEAR(mean(out), share, 0.03);
  }
  EXPECT_EQ(degraded(gt, "uncompleted:share=0").data, gt.data);
}

TEST(ApplyMask, blends_with_white) {
  const FloatImage gt = ramps(4, 1);
  FloatImage mask(4, 1, 1);
  mask.data = {1, 0, 0.5f, 1};
  const FloatImage out = apply_mask(gt, mask);
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(out.at(0, 0, c), gt.at(0, 0, c));
    EXPECT_EQ(out.at(1, 0, c), 1.f);
    EXPECT_FLOAT_EQ(out.at(2, 0, c), 0.5f * gt.at(2, 0, c) + 0.5f);
  }
}

TEST(ApplyMask, refuses_masks_of_another_form) {
  EXPECT_THROW(apply_mask(ramps(4, 4), FloatImage(4, 3, 1)), ShapeError);
  EXPECT_THROW(apply_mask(ramps(4, 4), FloatImage(4, 4, 3)), ShapeError);
}

}  // namespace
}  // namespace daclip
