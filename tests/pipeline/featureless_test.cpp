#include "pipeline/featureless.h"

#include <gtest/gtest.h>

#include "pipeline/test_photo.h"

namespace daclip {
namespace {

Image flat(int side, int level, double noise) {
  Image photo = test::test_photo(side, side);
  Random random(3);
  for (uint8_t& v : photo.data) v = uint8_t(std::clamp(level + noise * random.normal() + 0.5, 0.0, 255.0));
  return photo;
}

TEST(Featureless, black_white_and_flat_pictures_are) {
  EXPECT_TRUE(is_featureless(flat(64, 0, 0)));
  EXPECT_TRUE(is_featureless(flat(64, 255, 0)));
  EXPECT_TRUE(is_featureless(flat(64, 90, 0)));
}

TEST(Featureless, a_lens_cap_with_sensor_noise_is) { EXPECT_TRUE(is_featureless(flat(64, 8, 4))); }

TEST(Featureless, a_large_lens_cap_frame_is_in_spite_of_its_many_blocks) {
  EXPECT_TRUE(is_featureless(flat(2048, 20, 12)));
}

TEST(Featureless, a_frame_with_something_in_its_last_corner_is_not) {
  Image frame = flat(70, 0, 0);
  for (int y = 66; y < 70; ++y)
    for (int x = 66; x < 70; ++x) frame.data[size_t(y * 70 + x) * 3] = 200;
  EXPECT_FALSE(is_featureless(frame));
}

TEST(Featureless, photos_and_a_page_with_one_mark_are_not) {
  EXPECT_FALSE(is_featureless(test::test_photo(64, 64)));
  Image page = flat(64, 255, 0);
  for (int i = 0; i < 12; ++i) page.data[size_t((20 + i) * 64 + 20) * 3] = 0;
  EXPECT_FALSE(is_featureless(page));
}

TEST(Featureless, tiny_pictures_never_are) { EXPECT_FALSE(is_featureless(flat(16, 0, 0))); }

}  // namespace
}  // namespace daclip
