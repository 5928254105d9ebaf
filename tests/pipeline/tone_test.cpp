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

TEST(Tone, sixteen_bit_photos_have_tones_too) { ASSERT_TRUE(monochrome_tone(toned(0.8f, 1.3f, 16))); }

TEST(Tone, colour_photos_have_none) { EXPECT_FALSE(monochrome_tone(test::test_photo(64, 48))); }

TEST(Tone, a_red_lamp_in_the_snow_keeps_its_red) {
  Image photo = toned(1, 1);
  for (int y = 16; y < 24; ++y)
    for (int x = 16; x < 24; ++x) photo.data[size_t(y * 64 + x) * 3] = 255;
  EXPECT_FALSE(monochrome_tone(photo));
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
