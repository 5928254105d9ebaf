// What the training range learned from real photos: sensor noise, sun spots, uneven haze, defocus, drops in focus.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/labels.h"
#include "degrade/degrade.h"
#include "degrade/fields.h"
#include "degrade/occluders.h"
#include "pictures.h"

namespace daclip {
namespace {

FloatImage degraded(const FloatImage& gt, const char* spec, uint64_t seed = 4) {
  return degrade(gt, parse_degrade_spec(spec), seed);
}

// Statistics of a damaged uniform picture, in levels: deviation of a channel; correlation of that channel with its
// right neighbour, and with the next channel.
struct Noise {
  double deviation, beside, between;
};

Noise measure(const FloatImage& out, int c = 1) {
  double sum = 0, square = 0, beside = 0, between = 0, other = 0, other_square = 0;
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x + 1 < out.width; ++x) {
      const double v = 255 * out.at(x, y, c), w = 255 * out.at(x, y, (c + 1) % 3);
      sum += v;
      square += v * v;
      beside += v * 255 * out.at(x + 1, y, c);
      between += v * w;
      other += w;
      other_square += w * w;
    }
  const double n = double(out.height) * (out.width - 1), mean = sum / n, variance = square / n - mean * mean;
  const double other_variance = other_square / n - other * other / n / n;
  return {std::sqrt(variance), (beside / n - mean * mean) / variance,
          (between / n - mean * other / n) / std::sqrt(variance * other_variance)};
}

FloatImage uniform_grey(float value) { return FloatImage(256, 200, 3, value); }

TEST(SensorNoise, of_sigma_zero_is_the_photo) {
  const FloatImage gt = ramps(64, 48);
  EXPECT_LT(largest_difference(degraded(gt, "noisy:sensor=1,sigma=0,tone=0.7"), gt), 1e-6f);
}

TEST(SensorNoise, has_about_the_asked_strength_on_middle_grey) {
  for (const char* rest : {"", ",tone=0.8", ",grain=1", ",grey=0.6"}) {
    const std::string spec = std::string("noisy:sensor=1,sigma=12,shot=0.9") + rest;
    const FloatImage out = degraded(uniform_grey(0.5f), spec.c_str());
    double mean = 0;  // over the channels, because the white balance amplifies them differently
    for (int c = 0; c < 3; ++c) mean += std::pow(measure(out, c).deviation, 2) / 3;
    EXPECT_NEAR(std::sqrt(mean), 12, 1.2) << spec;
  }
}

TEST(SensorNoise, is_correlated_in_space_and_between_channels) {
  const Noise white = measure(degraded(uniform_grey(0.5f), "noisy:sigma=12"));
  const Noise sensor = measure(degraded(uniform_grey(0.5f), "noisy:sensor=1,sigma=12"));
  const Noise processed = measure(degraded(uniform_grey(0.5f), "noisy:sensor=1,sigma=12,grain=0.7,grey=0.7"));
  EXPECT_NEAR(white.beside, 0, 0.02);
  EXPECT_GT(sensor.beside, 0.15);
  EXPECT_GT(processed.beside, 0.5);   // the cameras of PolyU: 0.4 to 0.8
  EXPECT_GT(processed.between, 0.5);  // the same: 0.55 to 0.9
}

TEST(SensorNoise, depends_on_the_light_before_the_tone_curve) {
  const auto deviation = [](float value, const char* spec) {
    return measure(degraded(uniform_grey(value), spec)).deviation;
  };
  // Photon noise grows with the light by less than the tone curve damps it, so bright parts are cleaner; an S-curve
  // also damps dark parts.
  EXPECT_LT(deviation(0.85f, "noisy:sensor=1,sigma=6,shot=1"), 0.95 * deviation(0.4f, "noisy:sensor=1,sigma=6,shot=1"));
  const char* steep = "noisy:sensor=1,sigma=6,shot=1,tone=0.9";
  EXPECT_LT(deviation(0.03f, steep), 0.7 * deviation(0.5f, steep));
  EXPECT_LT(deviation(0.95f, steep), 0.5 * deviation(0.5f, steep));
}

TEST(SensorNoise, is_smoothed_by_noise_reduction_in_flat_parts_only) {
  FloatImage gt(240, 160, 3, 0.5f);
  for (int y = 0; y < 160; ++y)
    for (int x = 120; x < 240; ++x)
      for (int c = 0; c < 3; ++c) gt.at(x, y, c) = (x / 2 + y / 2) % 2 ? 0.3f : 0.7f;
  const auto deviation = [&](const char* spec, int from, int to) {
    const FloatImage out = degraded(gt, spec);
    double sum = 0;
    for (int y = 20; y < 140; ++y)
      for (int x = from; x < to; ++x) sum += std::pow(out.at(x, y, 1) - gt.at(x, y, 1), 2);
    return std::sqrt(sum / (120.0 * (to - from)));
  };
  const char *raw = "noisy:sensor=1,sigma=8", *smoothed = "noisy:sensor=1,sigma=8,denoise=0.9";
  EXPECT_LT(deviation(smoothed, 20, 100), 0.7 * deviation(raw, 20, 100));
  EXPECT_GT(deviation(smoothed, 140, 220), 0.9 * deviation(raw, 140, 220));
}

TEST(Noise, of_impulses_hits_the_asked_fraction_of_the_pixels) {
  const FloatImage out = degraded(uniform_grey(0.5f), "noisy:sigma=0,impulse=0.1");
  double black = 0, white = 0, kept = 0;
  for (size_t i = 0; i < out.pixels(); ++i) {
    black += out.data[3 * i] == 0.f;
    white += out.data[3 * i] == 1.f;
    kept += out.data[3 * i] == 0.5f;
  }
  EXPECT_NEAR(black / double(out.pixels()), 0.05, 0.01);
  EXPECT_NEAR(white / double(out.pixels()), 0.05, 0.01);
  EXPECT_EQ(black + white + kept, double(out.pixels()));
}

TEST(Noise, of_a_stored_photo_shows_the_files_compression) {
  const FloatImage gt = ramps(96, 80);
  EXPECT_EQ(degraded(gt, "noisy:sigma=0,quality=60").data, degraded(gt, "jpeg-compressed:quality=60").data);
}

TEST(Noise, in_training_reaches_from_hardly_visible_to_strong_and_is_often_correlated) {
  int weak = 0, strong = 0, correlated = 0;
  constexpr int kSeeds = 200;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const FloatImage gt(72, 72, 3, 0.5f);
    const Noise noise = measure(degrade(gt, parse_degrade_spec("noisy"), seed, Severity::training));
    weak += noise.deviation < 6;
    strong += noise.deviation > 40;
    correlated += noise.beside > 0.2;
  }
  EXPECT_GT(weak, kSeeds / 10);
  EXPECT_GT(strong, kSeeds / 20);
  EXPECT_GT(correlated, kSeeds / 3);
}

TEST(SunSpot, is_round) {
  for (double soft : {0.0, 5.0, 60.0})
    for (float radius : {2.5f, 7.f, 15.f}) {
      const FloatImage lit = sunlight(FloatImage(80, 80, 3), {{40, 40, radius, 0.8f}}, soft);
      EXPECT_NEAR(lit.at(40, 40, 0), 0.8f, 1e-3f);
      for (int y = 0; y < 80; ++y)
        for (int x = 0; x < 80; ++x) {
          const float distance = std::hypot(float(x - 40), float(y - 40));
          if (distance > 2 * radius + 1) {
            ASSERT_EQ(lit.at(x, y, 0), 0.f);
          }
        }
      for (int k = 1; k < 7; ++k) EXPECT_NEAR(lit.at(40 + 5 * k, 40, 0), lit.at(40 + 3 * k, 40 + 4 * k, 0), 1e-5f);
    }
}

TEST(Shadow, on_a_white_wall_is_as_blue_and_green_as_asked) {
  const FloatImage gt(120, 90, 3, 0.9f);
  const FloatImage out = to_linear(degraded(gt, "shadowed:coverage=0.5,skylight=0.3,blue=1,green=0.1,penumbra=0"));
  float darkest = 1;
  size_t at = 0;
  for (size_t i = 0; i < out.pixels(); ++i)
    if (out.data[3 * i] < darkest) darkest = out.data[3 * (at = i)];
  EXPECT_NEAR(out.data[3 * at + 1] / out.data[3 * at], 1.1 / 0.7, 0.02);
  EXPECT_NEAR(out.data[3 * at + 2] / out.data[3 * at], 1.4 / 0.7, 0.02);
}

TEST(Haze, of_banks_is_uneven_where_even_haze_is_flat) {
  const FloatImage gt(150, 100, 3, 0.2f);
  const Noise even = measure(degraded(gt, "hazy:beta=0.7,near=1,airlight=0.9,tint=0"));
  const Noise banks = measure(degraded(gt, "hazy:beta=0.7,near=1,airlight=0.9,tint=0,banks=0.8"));
  EXPECT_LT(even.deviation, 0.5);
  EXPECT_GT(banks.deviation, 8);
  EXPECT_GT(banks.beside, 0.95);
}

TEST(Haze, with_a_bright_side_falls_to_the_asked_airlight) {
  const FloatImage out = degraded(FloatImage(150, 100, 3, 0.2f), "hazy:beta=20,near=1,airlight=0.8,tint=0,side=0.25");
  EXPECT_NEAR(*std::max_element(out.data.begin(), out.data.end()), 0.8, 0.01);
  EXPECT_NEAR(*std::min_element(out.data.begin(), out.data.end()), 0.6, 0.01);
}

TEST(Defocus, spreads_a_point_evenly_over_a_disc) {
  FloatImage gt(61, 61, 3);
  for (int c = 0; c < 3; ++c) gt.at(30, 30, c) = 1;
  const FloatImage out = to_linear(degraded(gt, "motion-blurry:length=0,disc=8,noise=0"));
  const double expected = 1 / (std::numbers::pi * 64);
  double sum = 0;
  for (int y = 0; y < 61; ++y)
    for (int x = 0; x < 61; ++x) {
      const double distance = std::hypot(x - 30, y - 30);
      if (distance < 7) {
        EXPECT_NEAR(out.at(x, y, 1), expected, 0.05 * expected);
      } else if (distance > 9) {
        EXPECT_EQ(out.at(x, y, 1), 0.f);
      }
      sum += out.at(x, y, 1);
    }
  EXPECT_NEAR(sum, 1, 0.02);
}

TEST(MotionBlur, of_varying_speed_leaves_more_light_where_the_camera_lingers) {
  FloatImage gt(121, 121, 3);
  for (int c = 0; c < 3; ++c) gt.at(60, 60, c) = 1;
  const auto brightest = [&](const char* spec) {
    const FloatImage out = to_linear(degraded(gt, spec));
    return *std::max_element(out.data.begin(), out.data.end());
  };
  EXPECT_GT(brightest("motion-blurry:length=40,curvature=0,shakes=0,noise=0,pace=1.2"),
            1.5f * brightest("motion-blurry:length=40,curvature=0,shakes=0,noise=0,pace=0"));
}

TEST(LowLight, of_a_warm_cast_shifts_red_against_blue_by_the_asked_stops) {
  const FloatImage out = to_linear(
      degraded(FloatImage(60, 40, 3, 0.7f), "low-light:exposure=-1,gamma=1,black=0,shot=0,read=0,falloff=0,cast=1"));
  EXPECT_NEAR(out.data[0] / out.data[2], 2, 0.06);
  EXPECT_NEAR(out.data[1], srgb_to_linear(0.7f) / 2, 0.005);
}

TEST(Raindrop, in_training_is_at_times_sharp_before_a_scene_out_of_focus) {
  FloatImage gt(240, 240, 3);
  for (int y = 0; y < 240; ++y)
    for (int x = 0; x < 240; ++x)
      for (int c = 0; c < 3; ++c) gt.at(x, y, c) = x / 2 % 2 ? 0.3f : 0.7f;
  const DegradeSpec dry = parse_degrade_spec("raindrop:coverage=0,film=0");
  int blurred = 0;
  for (uint64_t seed = 0; seed < 60; ++seed)
    blurred += measure(degrade(gt, dry, seed, Severity::training)).deviation < 0.5 * measure(gt).deviation;
  EXPECT_GT(blurred, 6);
  EXPECT_LT(blurred, 30);
}

}  // namespace
}  // namespace daclip
