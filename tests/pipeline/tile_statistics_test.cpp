#include "pipeline/tile_statistics.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "engine/native_backend.h"

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
  TileStatistics statistics(backend, {{0, 0, 0.5, 1}}, {{0, 0, 1, 1}});
  const Pooling overview = statistics.of_overview();
  EXPECT_FLOAT_EQ(value(backend, overview(halves(backend, 1, 4))), 2.5f);
  EXPECT_FLOAT_EQ(value(backend, overview(halves(backend, 2, 2))), 2.f);
  const Pooling samples = statistics.of_samples();
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
  TileStatistics statistics(backend, {{0.99, 0.99, 1, 1}}, {{0, 0, 0.01, 0.01}});
  EXPECT_FLOAT_EQ(value(backend, statistics.of_overview()(halves(backend, 1, 3))), 2.f);
  EXPECT_FLOAT_EQ(value(backend, statistics.of_samples()(halves(backend, 5, 6))), 4.f);  // 2 - 3 + 5
}

TEST(TileStatistics, samples_without_their_places_are_refused) {
  NativeBackend backend;
  EXPECT_THROW(TileStatistics(backend, {{0, 0, 1, 1}}, {}), UsageError);
  EXPECT_THROW(TileStatistics(backend, {}, {}), UsageError);
}

}  // namespace
}  // namespace daclip
