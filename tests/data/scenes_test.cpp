#include "data/scenes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "photos.h"

namespace daclip {
namespace {

FloatImage photo(int width, int height, uint64_t seed) {
  return to_float_image(made_pixels(width, height, seed), width, height);
}

bool holds_eight_bit_values(const FloatImage& image) {
  for (const float v : image.data)
    if (!(v >= 0 && v <= 1) || std::abs(v * 255 - std::round(v * 255)) > 1e-3f) return false;
  return true;
}

// Mean difference of horizontal neighbours, and the number of pixels in which two pictures differ.
double sharpness(const FloatImage& image) {
  double sum = 0, count = 0;
  for (int y = 0; y < image.height; ++y)
    for (int x = 1; x < image.width; ++x, ++count)
      sum += std::abs(double(image.at(x, y, 1)) - double(image.at(x - 1, y, 1)));
  return sum / count;
}

double changed(const FloatImage& a, const FloatImage& b) {
  double count = 0;
  for (size_t i = 0; i < a.data.size(); ++i) count += a.data[i] != b.data[i];
  return count / double(a.data.size());
}

double saturation(const FloatImage& image) {
  double sum = 0;
  for (size_t i = 0; i < image.pixels(); ++i) {
    const float* p = &image.data[3 * i];
    sum += double(std::max({p[0], p[1], p[2]}) - std::min({p[0], p[1], p[2]}));
  }
  return sum / double(image.pixels());
}

double mean_red_over_green(const FloatImage& image, int from, int to) {
  double sum = 0;
  for (int y = from; y < to; ++y)
    for (int x = 0; x < image.width; ++x) sum += double(image.at(x, y, 0)) - double(image.at(x, y, 1));
  return sum / (image.width * (to - from));
}

TEST(ShallowFocus, blurs_all_but_what_the_lens_is_focused_on) {
  int kept_a_subject = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const FloatImage sharp = photo(120, 90, seed);
    FloatImage seen = sharp;
    Random random(seed);
    shallow_focus(seen, random);
    EXPECT_TRUE(holds_eight_bit_values(seen));
    EXPECT_LT(sharpness(seen), sharpness(sharp));
    EXPECT_GT(changed(seen, sharp), 0.05);
    kept_a_subject += changed(seen, sharp) < 0.97;
  }
  EXPECT_GE(kept_a_subject, 9);
}

TEST(WetWeather, takes_colour_out_and_mirrors_what_stands_above_in_the_ground) {
  double wet = 0, dry = 0, mirrored = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    FloatImage scene = photo(96, 96, seed);
    dry += saturation(scene);
    Random random(seed);
    wet_weather(scene, random);
    EXPECT_TRUE(holds_eight_bit_values(scene));
    wet += saturation(scene);

    FloatImage flag(96, 96, 3);  // red above, green below
    for (int y = 0; y < 96; ++y)
      for (int x = 0; x < 96; ++x) flag.at(x, y, y < 80 ? 0 : 1) = 0.8f;
    Random again(seed);
    wet_weather(flag, again);
    mirrored += mean_red_over_green(flag, 82, 96) > -0.4;
  }
  EXPECT_LT(wet, 0.85 * dry);
  EXPECT_GE(mirrored, 6);
}

TEST(Ground, is_grainy_evenly_lit_and_never_twice_the_same) {
  FloatImage before;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    Random random(seed);
    const FloatImage floor = ground(100, 80, random);
    EXPECT_TRUE(holds_eight_bit_values(floor));
    EXPECT_GT(sharpness(floor), 2e-3);
    double halves[2] = {0, 0};
    for (int y = 0; y < 80; ++y)
      for (int x = 0; x < 100; ++x) halves[y / 40] += double(floor.at(x, y, 1)) / 4000;
    EXPECT_LT(std::abs(halves[0] - halves[1]), 0.25);
    if (seed > 0) {
      EXPECT_GT(changed(floor, before), 0.5);
    }
    before = floor;
  }
}

TEST(Scenes, of_a_single_pixel_are_no_error) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    FloatImage dot(1, 1, 3, 0.5f);
    Random random(seed);
    shallow_focus(dot, random);
    wet_weather(dot, random);
    EXPECT_TRUE(holds_eight_bit_values(dot));
    EXPECT_EQ(ground(1, 1, random).pixels(), 1u);
  }
}

}  // namespace
}  // namespace daclip
