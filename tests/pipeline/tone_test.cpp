#include "pipeline/tone.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "image/luma.h"
#include "pipeline/test_photo.h"

namespace daclip {
namespace {

// red, blue: powers of the luma, as a sepia print's are.
Image toned(float red, float blue, int bits = 8) {
  FloatImage scene = test::test_scene(64, 48);
  for (size_t i = 0; i < scene.pixels(); ++i) {
    float* p = &scene.data[3 * i];
    const float y = bt601_luma(p[0], p[1], p[2]);
    p[0] = std::pow(y, red);
    p[1] = y;
    p[2] = std::pow(y, blue);
  }
  return test::as_photo(scene, bits);
}

int largest_difference_of_channels(const Image& image) {
  int largest = 0;
  for (size_t i = 0; i < image.data.size(); i += 3) {
    const auto [low, high] = std::minmax({image.data[i], image.data[i + 1], image.data[i + 2]});
    largest = std::max(largest, high - low);
  }
  return largest;
}

TEST(Tone, black_and_white_photos_stay_grey_whatever_the_network_made_of_them) {
  const std::optional<ToneCurve> tone = monochrome_tone(toned(1, 1));
  ASSERT_TRUE(tone);
  Image result = test::test_photo(64, 48, 7);
  EXPECT_GT(largest_difference_of_channels(result), 10);
  apply_tone(result, *tone);
  EXPECT_EQ(largest_difference_of_channels(result), 0);
}

TEST(Tone, grey_photos_count_as_grey_after_jpeg_has_moved_their_channels_by_two_levels) {
  Image photo = toned(1, 1);
  for (size_t i = 0; i < photo.data.size(); ++i)
    photo.data[i] = uint8_t(std::clamp(int(photo.data[i]) + int(i * 7 % 5) - 2, 0, 255));
  const std::optional<ToneCurve> tone = monochrome_tone(photo);
  ASSERT_TRUE(tone);
  EXPECT_EQ(*std::ranges::max_element(tone->red), 0);
}

TEST(Tone, a_sepia_print_keeps_its_tone) {
  const Image photo = toned(0.8f, 1.3f);
  const std::optional<ToneCurve> tone = monochrome_tone(photo);
  ASSERT_TRUE(tone);
  Image again = photo;
  apply_tone(again, *tone);
  for (size_t i = 0; i < photo.data.size(); ++i) EXPECT_NEAR(again.data[i], photo.data[i], 2);
}

TEST(Tone, a_dark_sepia_photo_keeps_its_saturation_when_it_is_brightened) {
  Image dark = toned(1, 1);
  for (size_t i = 0; i < dark.data.size(); i += 3) {
    const double v = dark.data[i] / 4.0;
    dark.data[i] = uint8_t(v * 1.2);
    dark.data[i + 1] = uint8_t(v);
    dark.data[i + 2] = uint8_t(v * 0.7);
  }
  const std::optional<ToneCurve> tone = monochrome_tone(dark);
  ASSERT_TRUE(tone);
  Image bright = toned(1, 1);
  apply_tone(bright, *tone);
  for (size_t i = 0; i < bright.data.size(); i += 3) {
    if (bright.data[i + 1] < 64 || bright.data[i + 1] > 190) continue;
    EXPECT_NEAR(double(bright.data[i]) / bright.data[i + 1], 1.2, 0.05);
    EXPECT_NEAR(double(bright.data[i + 2]) / bright.data[i + 1], 0.7, 0.05);
  }
}

TEST(Tone, black_and_white_stay_black_and_white_and_luma_is_kept_at_the_ends_of_the_range) {
  const std::optional<ToneCurve> tone = monochrome_tone(toned(0.8f, 1.3f));
  ASSERT_TRUE(tone);
  FloatImage ends(256, 1, 3);
  for (size_t i = 0; i < ends.data.size(); ++i) ends.data[i] = float(i / 3) / 255;
  Image result = test::as_photo(ends, 8);
  apply_tone(result, *tone);
  EXPECT_EQ(result.data[0] + result.data[1] + result.data[2], 0);
  EXPECT_EQ(result.data[765] + result.data[766] + result.data[767], 3 * 255);
  for (size_t i = 0; i < 256; ++i)
    EXPECT_NEAR(bt601_luma(double(result.data[3 * i]), double(result.data[3 * i + 1]), double(result.data[3 * i + 2])),
                double(i), 1.01);
}

// Brightening would multiply the colours, which the curve would remove.
TEST(Tone, a_colour_photo_is_not_taken_for_grey_because_it_is_dark) {
  FloatImage dark = test::test_scene(64, 48);
  for (float& v : dark.data) v *= 0.06f;
  EXPECT_FALSE(monochrome_tone(test::as_photo(dark, 8)));
}

TEST(Tone, a_dark_grey_photo_is_grey) {
  FloatImage dark = test::test_scene(64, 48);
  for (size_t i = 0; i < dark.data.size(); i += 3) std::fill_n(&dark.data[i], 3, 0.06f * dark.data[i]);
  EXPECT_TRUE(monochrome_tone(test::as_photo(dark, 8)));
}

TEST(Tone, sixteen_bit_photos_have_tones_too) { ASSERT_TRUE(monochrome_tone(toned(0.8f, 1.3f, 16))); }

TEST(Tone, colour_photos_have_none) { EXPECT_FALSE(monochrome_tone(test::test_photo(64, 48))); }

TEST(Tone, a_red_lamp_in_the_snow_keeps_its_red) {
  Image photo = toned(1, 1);
  for (int y = 16; y < 24; ++y)
    for (int x = 16; x < 24; ++x) photo.data[size_t(y * 64 + x) * 3] = 255;
  EXPECT_FALSE(monochrome_tone(photo));
}

TEST(Tone, the_fine_noise_of_a_scanner_leaves_a_grey_photo_grey) {
  Image photo = toned(1, 1);
  Random random(1);
  for (uint8_t& v : photo.data) v = uint8_t(std::clamp(v + 3 * random.normal() + 0.5, 0.0, 255.0));
  EXPECT_TRUE(monochrome_tone(photo));
}

TEST(Tone, coloured_noise_over_a_grey_photo_counts_as_colour) {
  Image photo = toned(1, 1);
  Random random(1);
  for (uint8_t& v : photo.data) v = uint8_t(std::clamp(v + 12 * random.normal(), 0.0, 255.0));
  EXPECT_FALSE(monochrome_tone(photo));
}

TEST(Tone, pictures_of_one_channel_have_no_colour_to_lose) {
  EXPECT_FALSE(monochrome_tone(test::test_photo_as(32, 32, 1, 8)));
}

}  // namespace
}  // namespace daclip
