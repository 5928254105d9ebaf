// Rain, raindrops, shadow and snow behave as their models predict.
#include <gtest/gtest.h>

#include "degrade/degrade.h"
#include "degrade/fields.h"
#include "degrade/streaks.h"
#include "pictures.h"

namespace daclip {
namespace {

constexpr float kRounding = 2e-3f;  // error of the colour transfer's tables, forth and back

FloatImage run(const FloatImage& gt, const char* spec, uint64_t seed = 5) {
  return degrade(gt, parse_degrade_spec(spec), seed);
}

double mean(const FloatImage& image) {
  double sum = 0;
  for (float v : image.data) sum += double(v);
  return sum / double(image.data.size());
}

TEST(Rain, of_no_strength_and_no_veil_is_the_photo) {
  const FloatImage gt = ramps(90, 70);
  EXPECT_EQ(largest_difference(run(gt, "rainy:strength=0,veil=0"), gt), 0);
}

TEST(Rain, adds_the_same_light_to_all_channels) {
  const FloatImage gt(120, 100, 3, 0.1f), out = run(gt, "rainy:strength=0.05,veil=0,hiding=0");
  for (size_t i = 0; i < out.pixels(); ++i) {
    ASSERT_GE(out.data[3 * i], gt.data[3 * i]);
    ASSERT_EQ(out.data[3 * i], out.data[3 * i + 1]);
    ASSERT_EQ(out.data[3 * i], out.data[3 * i + 2]);
  }
}

TEST(Rain, adds_the_asked_mean_brightness) {
  const FloatImage gt(200, 160, 3, 0.f);
  for (uint64_t seed = 0; seed < 8; ++seed)
    EXPECT_NEAR(mean(run(gt, "rainy:strength=0.1,veil=0", seed)), 0.1, 0.015) << "seed " << seed;
}

TEST(Rain, that_glows_adds_as_much_light_with_less_contrast) {
  const FloatImage gt(200, 160, 3, 0.f);
  const auto contrast = [](const FloatImage& image) {
    double sum = 0;
    for (int y = 0; y < image.height; ++y)
      for (int x = 1; x < image.width; ++x) sum += std::abs(double(image.at(x, y, 0) - image.at(x - 1, y, 0)));
    return sum;
  };
  const FloatImage streaks = run(gt, "rainy:strength=0.1,veil=0,glow=0,jitter=0");
  const FloatImage glow = run(gt, "rainy:strength=0.1,veil=0,glow=0.8,jitter=0");
  EXPECT_NEAR(mean(glow), mean(streaks), 0.015);
  EXPECT_LT(contrast(glow), 0.4 * contrast(streaks));
}

TEST(Rain, as_a_screen_leaves_white) {
  const FloatImage gt(60, 60, 3, 1.f);
  EXPECT_LT(largest_difference(run(gt, "rainy:strength=0.3,veil=0,hiding=1"), gt), 1e-6f);
}

TEST(Streaks, follow_their_angle) {
  StreakLayer streaks;
  streaks.angle = 30;
  streaks.angle_spread = 0;
  streaks.length = 60;
  streaks.coverage = 0.3;
  FloatImage layer(200, 200, 1);
  Random random(3);
  draw_streaks(layer, streaks, random);
  // Ten rows down, a streak has moved 10 tan 30 = 5.8 pixels to the right.
  const auto correlation = [&layer](int dx) {
    double sum = 0;
    for (int y = 0; y + 10 < 200; ++y)
      for (int x = 20; x < 180; ++x) sum += double(layer.at(x, y, 0)) * double(layer.at(x + dx, y + 10, 0));
    return sum;
  };
  EXPECT_GT(correlation(6), 1.5 * correlation(0));
  EXPECT_GT(correlation(6), 1.5 * correlation(-6));
}

TEST(Shadow, never_brightens) {
  const FloatImage gt = ramps(90, 70);
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const FloatImage out = run(gt, "shadowed:skylight=1,blue=0", seed);
    for (size_t i = 0; i < out.data.size(); ++i) ASSERT_LE(out.data[i], gt.data[i] + kRounding);
  }
}

TEST(Shadow, darkens_about_the_requested_fraction_and_leaves_the_rest) {
  const FloatImage gt(240, 200, 3, 0.8f), out = run(gt, "shadowed:coverage=0.4,skylight=0.2,penumbra=1");
  size_t dark = 0, lit = 0;
  for (size_t i = 0; i < out.pixels(); ++i) {
    dark += out.data[3 * i + 1] < 0.6f;
    lit += std::abs(out.data[3 * i + 1] - 0.8f) < kRounding;
  }
  EXPECT_NEAR(double(dark) / double(out.pixels()), 0.4, 0.25);
  EXPECT_GT(double(dark + lit) / double(out.pixels()), 0.9);
}

TEST(Shadow, is_blue) {
  const FloatImage gt(100, 80, 3, 0.7f), out = run(gt, "shadowed:blue=1,skylight=0.3");
  for (size_t i = 0; i < out.pixels(); ++i) ASSERT_LE(out.data[3 * i], out.data[3 * i + 2] + kRounding);
  EXPECT_LT(mean(out), 0.69);
}

TEST(Snow, of_nothing_is_the_photo) {
  const FloatImage gt = ramps(90, 70);
  EXPECT_EQ(largest_difference(run(gt, "snowy:amount=0,veil=0,defocused=0,grain=0"), gt), 0);
}

TEST(Snow, covers_more_with_more_of_it) {
  const FloatImage gt(160, 120, 3, 0.f);
  const double light = mean(run(gt, "snowy:amount=0.02,veil=0,defocused=0,grain=0"));
  const double heavy = mean(run(gt, "snowy:amount=0.3,veil=0,defocused=0,grain=0"));
  EXPECT_GT(light, 0.001);
  EXPECT_GT(heavy, 5 * light);
}

TEST(Snow, under_a_full_veil_is_white) {
  const FloatImage gt(40, 30, 3, 0.f);
  EXPECT_GT(mean(run(gt, "snowy:veil=1,amount=2,opacity=1")), 0.6);
}

TEST(Raindrops, of_no_coverage_on_dry_glass_are_the_photo) {
  const FloatImage gt = ramps(90, 70);
  EXPECT_LT(largest_difference(run(gt, "raindrop:coverage=0,film=0,blur=0"), gt), kRounding);
}

TEST(Raindrops, far_out_of_focus_let_the_scene_show_through) {
  const FloatImage gt = speckle(200, 160, 1);
  // Fraction of the speckle's contrast that remains where the drops are; drops in focus leave none.
  const auto least_contrast = [&gt](const char* spec) {
    const FloatImage out = run(gt, spec);
    double least = 1;
    for (int top = 0; top + 8 <= gt.height; top += 8)
      for (int left = 0; left + 8 <= gt.width; left += 8) {
        double before = 0, after = 0;
        for (int y = top; y < top + 8; ++y)
          for (int x = left + 1; x < left + 8; ++x) {
            before += std::abs(double(gt.at(x, y, 1) - gt.at(x - 1, y, 1)));
            after += std::abs(double(out.at(x, y, 1) - out.at(x - 1, y, 1)));
          }
        least = std::min(least, after / before);
      }
    return least;
  };
  EXPECT_LT(least_contrast("raindrop:coverage=0.1,film=0,blur=0,size=14,opacity=1,defocus=0.5"), 0.2);
  EXPECT_GT(least_contrast("raindrop:coverage=0.02,film=0,blur=0,size=8,opacity=1,defocus=20,spread=0"), 0.3);
}

TEST(Raindrops, leave_the_glass_between_them) {
  const FloatImage gt = speckle(200, 160, 1);
  const FloatImage out = run(gt, "raindrop:coverage=0.2,film=0,blur=0,size=8,defocus=0.3");
  size_t same = 0;
  for (size_t i = 0; i < out.data.size(); ++i) same += std::abs(out.data[i] - gt.data[i]) < kRounding;
  EXPECT_GT(double(same) / double(out.data.size()), 0.5);
  EXPECT_LT(double(same) / double(out.data.size()), 0.95);
}

}  // namespace
}  // namespace daclip
