#include "restoration/tiles.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace daclip {
namespace {

TEST(Tiles, weights_sum_to_one_at_every_position) {
  for (const int length : {1, 7, 63, 64, 65, 100, 129, 255, 256, 257, 511, 1000, 1024, 5003, 20000})
    for (const int tile : {64, 96, 100, 256, 1000})
      for (const int overlap : {0, 16, 32, 64}) {
        const TileAxis axis = plan_tiles(length, tile, overlap, 16);
        std::vector<double> sum(size_t(length), 0.0);
        for (const auto& t : axis.tiles) {
          ASSERT_EQ(t.weight.size(), size_t(t.length));
          ASSERT_GE(t.origin, 0);
          ASSERT_LE(t.origin + t.length, length);
          for (int i = 0; i < t.length; ++i) sum[size_t(t.origin + i)] += double(t.weight[size_t(i)]);
        }
        for (const double s : sum)
          ASSERT_NEAR(s, 1, 1e-5) << length << " in tiles of " << tile << ", overlap " << overlap;
      }
}

TEST(Tiles, are_aligned_and_no_larger_than_requested) {
  const TileAxis axis = plan_tiles(5003, 256, 64, 16);
  ASSERT_GT(axis.tiles.size(), 20u);
  for (const auto& t : axis.tiles) {
    EXPECT_EQ(t.origin % 16, 0);
    EXPECT_LE(t.length, 256);
  }
}

TEST(Tiles, a_short_length_needs_one_tile) {
  const TileAxis axis = plan_tiles(250, 256, 64, 16);
  ASSERT_EQ(axis.tiles.size(), 1u);
  EXPECT_EQ(axis.tiles[0].length, 250);
}

TEST(Tiles, cores_cover_the_length_once_and_lie_within_their_tiles) {
  for (const int length : {250, 1000, 5003}) {
    const TileAxis axis = plan_tiles(length, 256, 64, 16);
    int covered = 0;
    for (size_t i = 0; i < axis.tiles.size(); ++i) {
      const TileAxis::Span core = axis.core(i);
      EXPECT_EQ(core.begin, covered);
      EXPECT_GE(core.begin, axis.tiles[i].origin);
      EXPECT_LE(core.end, axis.tiles[i].origin + axis.tiles[i].length);
      covered = core.end;
    }
    EXPECT_EQ(covered, length);
  }
}

TEST(Tiles, refuses_an_empty_tile) { EXPECT_THROW(plan_tiles(100, 0, 16, 16), UsageError); }

}  // namespace
}  // namespace daclip
