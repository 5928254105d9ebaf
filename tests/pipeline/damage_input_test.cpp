#include "pipeline/damage_input.h"

#include <gtest/gtest.h>

#include "image/resize.h"
#include "pipeline/test_photo.h"

namespace daclip {
namespace {

const DamageConfig kConfig{.view = 32, .tile = 32, .grid = 2};

TEST(DamageInput, has_the_sizes_that_the_network_takes) {
  for (const auto& [width, height] : {std::pair{1, 1}, std::pair{20, 90}, std::pair{200, 100}}) {
    const DamageInput input = damage_input(test::test_scene(width, height), kConfig);
    EXPECT_EQ(input.view.size(), 32u * 32 * 3);
    EXPECT_EQ(input.tiles.size(), 4u * 32 * 32 * 3);
  }
}

TEST(DamageInput, tiles_hold_native_pixels_at_multiples_of_8) {
  const FloatImage scene = test::test_scene(200, 100);
  const DamageInput input = damage_input(scene, kConfig);
  // The first tile of two in a room of 168 x 68 pixels begins at (42, 17), rounded down to (40, 16).
  const float expected = (2 * scene.at(40, 16, 0) - 1 + 0.030f) / 0.458f;
  EXPECT_NEAR(input.tiles.front(), expected, 1e-5);
}

TEST(DamageInput, of_a_large_picture_equals_that_of_its_floats_but_for_the_reduction) {
  const Image photo = test::test_photo(2400, 1800);
  const DamageInput by_parts = damage_input(photo, kConfig), whole = damage_input(to_rgb(photo), kConfig);
  for (size_t i = 0; i < whole.tiles.size(); ++i) ASSERT_NEAR(by_parts.tiles[i], whole.tiles[i], 1e-5);
  for (size_t i = 0; i < whole.view.size(); ++i) ASSERT_NEAR(by_parts.view[i], whole.view[i], 0.1);
}

}  // namespace
}  // namespace daclip
