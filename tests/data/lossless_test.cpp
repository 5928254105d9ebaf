#include "data/lossless.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "photos.h"

namespace daclip {
namespace {

void check_round_trip(const std::vector<uint8_t>& pixels, int width, int height) {
  const std::vector<uint8_t> coded = encode_lossless(pixels, width, height);
  EXPECT_EQ(decode_lossless(coded, width, height, "test"), pixels) << width << "x" << height;
}

TEST(Lossless, returns_every_pixel_of_any_size) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}, {17, 5}, {64, 48}})
    check_round_trip(made_pixels(width, height, uint64_t(width)), width, height);
}

TEST(Lossless, returns_noise_and_extremes) {
  Random random(3);
  std::vector<uint8_t> pixels(40 * 30 * 3);
  for (uint8_t& v : pixels) v = uint8_t(random.below(256));
  check_round_trip(pixels, 40, 30);
  for (uint8_t& v : pixels) v = random.chance(0.5) ? 255 : 0;
  check_round_trip(pixels, 40, 30);
}

TEST(Lossless, makes_smooth_photos_smaller) {
  const std::vector<uint8_t> flat(100 * 100 * 3, 77);
  EXPECT_LT(encode_lossless(flat, 100, 100).size(), flat.size() / 6);
  const std::vector<uint8_t> photo = made_pixels(100, 100, 5);
  EXPECT_LT(encode_lossless(photo, 100, 100).size(), photo.size() * 3 / 4);
}

TEST(Lossless, refuses_sizes_that_do_not_fit) {
  EXPECT_THROW(encode_lossless(std::vector<uint8_t>(12), 2, 3), ShapeError);
  EXPECT_THROW(encode_lossless({}, 0, 1), ShapeError);
  EXPECT_THROW(decode_lossless(std::vector<uint8_t>(12), -1, 3, "test"), ShapeError);
}

TEST(Lossless, refuses_truncated_and_overlong_pictures) {
  std::vector<uint8_t> coded = encode_lossless(made_pixels(16, 16, 1), 16, 16);
  std::vector<uint8_t> cut(coded.begin(), coded.end() - 5);
  EXPECT_THROW(decode_lossless(cut, 16, 16, "test"), FormatError);
  coded.push_back(0);
  EXPECT_THROW(decode_lossless(coded, 16, 16, "test"), FormatError);
}

TEST(Lossless, takes_no_memory_for_a_size_that_the_bytes_cannot_hold) {
  EXPECT_THROW(decode_lossless(std::vector<uint8_t>(100), 1'000'000'000, 1'000'000'000, "test"), LimitError);
}

}  // namespace
}  // namespace daclip
