#include "pipeline/tile_statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "engine/native_backend.h"
#include "pipeline/pixels.h"
#include "pipeline/test_photo.h"

namespace daclip {
namespace {

constexpr int kSide = 8;

// A map of one channel: `left` in its left half, `right` in its right.
Tensor halves(Backend& backend, float left, float right) {
  std::vector<float> data;
  for (int i = 0; i < kSide * kSide; ++i) data.push_back(i % kSide < kSide / 2 ? left : right);
  return backend.from_floats(data, {1, kSide, kSide, 1});
}

float value(Backend& backend, const Tensor& mean) { return backend.to_floats(mean).at(0); }

TEST(TileStatistics, tiles_use_the_overviews_average_moved_by_the_details_of_the_samples) {
  NativeBackend backend;
  // One sample, from the left half of the photo; it fills the picture of samples.
  TileStatistics statistics(backend);
  const Pooling overview = statistics.of_overview({{0, 0, 0.5, 1}});
  EXPECT_FLOAT_EQ(value(backend, overview(halves(backend, 1, 4))), 2.5f);
  EXPECT_FLOAT_EQ(value(backend, overview(halves(backend, 2, 2))), 2.f);
  const Pooling samples = statistics.of_samples({{0, 0, 1, 1}});
  EXPECT_FLOAT_EQ(value(backend, samples(halves(backend, 1.5f, 1.5f))), 3.f);  // 2.5 and what 1.5 is above 1
  EXPECT_FLOAT_EQ(value(backend, samples(halves(backend, 2, 2))), 2.f);
  for (int tile = 0; tile < 2; ++tile) {
    const Pooling pooling = statistics.of_tile();
    EXPECT_FLOAT_EQ(value(backend, pooling(halves(backend, 7, 9))), 3.f);
    EXPECT_FLOAT_EQ(value(backend, pooling(halves(backend, 7, 9))), 2.f);
  }
}

TEST(TileStatistics, a_sample_smaller_than_a_position_still_counts_one) {
  NativeBackend backend;
  TileStatistics statistics(backend);
  EXPECT_FLOAT_EQ(value(backend, statistics.of_overview({{0.99, 0.99, 1, 1}})(halves(backend, 1, 3))), 2.f);
  EXPECT_FLOAT_EQ(value(backend, statistics.of_samples({{0, 0, 0.01, 0.01}})(halves(backend, 5, 6))), 4.f);  // 2 - 3 + 5
}

TEST(TileStatistics, passes_out_of_order_are_refused) {
  NativeBackend backend;
  TileStatistics statistics(backend);
  EXPECT_THROW(statistics.of_tile()(halves(backend, 1, 2)), std::out_of_range);
  EXPECT_THROW(statistics.of_samples({{0, 0, 1, 1}})(halves(backend, 1, 2)), std::out_of_range);
}

TEST(PhotoSamples, are_parts_of_the_photo_and_known_in_its_overview) {
  const Image photo = test::test_photo(1000, 640);
  const PhotoSamples found = sample_photo(photo, 512, 352, 16);
  EXPECT_EQ(found.overview.width, 500);  // half: 1000 pixels in at most 512
  EXPECT_EQ(found.overview.height, 320);
  EXPECT_EQ(found.samples.width, 510);  // three samples of 170, two of 176
  EXPECT_EQ(found.samples.height, 352);
  ASSERT_EQ(found.in_overview.size(), 6u);
  ASSERT_EQ(found.in_samples.size(), 6u);
  // The second sample: its place in the photo from its part of the overview, which the network sees continued to 512x320.
  const MapPart there = found.in_overview[1], here = found.in_samples[1];
  const int left = int(std::lround(there.left * 2 * 512)), top = int(std::lround(there.top * 2 * 320));
  const FloatImage part = rgb_region(photo, left, top, 100, 100);
  for (int y = 0; y < 100; ++y)
    for (int x = 0; x < 100; ++x)
      ASSERT_EQ(part.at(x, y, 1),
                found.samples.at(int(std::lround(here.left * 512)) + x, int(std::lround(here.top * 352)) + y, 1));
}

TEST(PhotoSamples, of_a_narrow_photo_are_as_narrow) {
  const PhotoSamples found = sample_photo(test::test_photo(900, 3), 256, 3, 16);
  EXPECT_EQ(found.overview.width, 225);
  EXPECT_EQ(found.overview.height, 1);
  EXPECT_EQ(found.samples.height, 3);
}

}  // namespace
}  // namespace daclip
