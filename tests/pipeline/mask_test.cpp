// Masks of other programs: white holes, transparent holes, strokes of a brush on nothing.
#include <gtest/gtest.h>

#include "daclip/restorer.h"

namespace daclip {
namespace {

using Keep = std::vector<uint8_t>;

Image row(int channels, const std::vector<uint8_t>& data) {
  Image image;
  image.width = int(data.size()) / channels;
  image.height = 1;
  image.channels = channels;
  image.data = data;
  return image;
}

TEST(Masks, have_black_holes_or_white_ones) {
  const Image image = row(1, {0, 127, 128, 255});
  EXPECT_EQ(Mask::from_image(image).keep, (Keep{0, 0, 1, 1}));
  EXPECT_EQ(Mask::from_image(image, Mask::Holes::white).keep, (Keep{1, 1, 0, 0}));
}

TEST(Masks, with_parts_rubbed_out_have_their_holes_there) {
  const Image photo = row(4, {0, 0, 0, 255, 200, 10, 10, 255, 90, 90, 90, 0, 255, 255, 255, 100});
  for (const Mask::Holes holes : {Mask::Holes::black, Mask::Holes::white})
    EXPECT_EQ(Mask::from_image(photo, holes).keep, (Keep{1, 1, 0, 0}));
}

TEST(Masks, of_strokes_on_nothing_have_their_holes_under_the_strokes) {
  EXPECT_EQ(Mask::from_image(row(2, {0, 255, 10, 200, 99, 0})).keep, (Keep{0, 0, 1}));
  EXPECT_EQ(Mask::from_image(row(2, {255, 255, 250, 200, 99, 0}), Mask::Holes::white).keep, (Keep{0, 0, 1}));
  // White that is kept beside nothing: the nothing is the hole.
  EXPECT_EQ(Mask::from_image(row(2, {255, 255, 250, 200, 99, 0})).keep, (Keep{1, 1, 0}));
}

TEST(Masks, with_opaque_alpha_are_read_by_their_colours) {
  EXPECT_EQ(Mask::from_image(row(2, {0, 255, 255, 255})).keep, (Keep{0, 1}));
}

}  // namespace
}  // namespace daclip
