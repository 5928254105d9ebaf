#include "restoration/tile_statistics.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "engine/native_backend.h"

namespace daclip {
namespace {

constexpr int kSide = 8;

// A one-channel map with the value `left` in its left half and `right` in its right half.
Tensor halves(Backend& backend, float left, float right) {
  std::vector<float> data;
  for (int i = 0; i < kSide * kSide; ++i) data.push_back(i % kSide < kSide / 2 ? left : right);
  return backend.from_floats(data, {1, kSide, kSide, 1});
}

float value(Backend& backend, const Tensor& mean) { return backend.to_floats(mean).at(0); }

// A part that covers its whole tile.
MeasuringPlan::Part part_of_overview(double left, double right) { return {0, 0, {0, 0, 1, 1}, {left, 0, right, 1}}; }

TEST(TileStatistics, tiles_use_the_overviews_mean_corrected_by_the_measured_tiles) {
  NativeBackend backend;
  TileStatistics statistics(backend);
  const Pooling overview = statistics.of_overview({part_of_overview(0, 0.5)});
  EXPECT_FLOAT_EQ(value(backend, overview(halves(backend, 1, 4))), 2.5f);
  EXPECT_FLOAT_EQ(value(backend, overview(halves(backend, 2, 2))), 2.f);
  const Pooling measured = statistics.of_part(0);
  EXPECT_FLOAT_EQ(value(backend, measured(halves(backend, 1, 2))), 3.f);  // 2.5 + (1.5 - 1)
  EXPECT_FLOAT_EQ(value(backend, measured(halves(backend, 2, 2))), 2.f);
  for (int tile = 0; tile < 2; ++tile) {
    const Pooling pooling = statistics.of_tile();
    EXPECT_FLOAT_EQ(value(backend, pooling(halves(backend, 7, 9))), 3.f);
    EXPECT_FLOAT_EQ(value(backend, pooling(halves(backend, 7, 9))), 2.f);
  }
}

TEST(TileStatistics, the_overview_does_not_contribute_once_every_part_is_measured) {
  NativeBackend backend;
  TileStatistics statistics(backend);
  statistics.of_overview({part_of_overview(0, 0.25), part_of_overview(0.25, 1)})(halves(backend, 11, -3));
  statistics.of_part(0)(halves(backend, 100, 100));
  EXPECT_FLOAT_EQ(value(backend, statistics.of_part(1)(halves(backend, 1, 3))), 0.25f * 100 + 0.75f * 2);
  EXPECT_FLOAT_EQ(value(backend, statistics.of_part(0)(halves(backend, 2, 6))),
                  0.25f * 4 + 0.75f * 2);  // the last measurement replaces the earlier one
}

TEST(TileStatistics, a_part_smaller_than_a_position_covers_one_position) {
  NativeBackend backend;
  TileStatistics statistics(backend);
  MeasuringPlan::Part part{0, 0, {0, 0, 0.01, 0.01}, {0.99, 0.99, 1, 1}};
  EXPECT_FLOAT_EQ(value(backend, statistics.of_overview({part})(halves(backend, 1, 3))), 2.f);
  EXPECT_FLOAT_EQ(value(backend, statistics.of_part(0)(halves(backend, 5, 6))), 4.f);  // 2 - 3 + 5
}

TEST(TileStatistics, passes_out_of_order_and_unknown_parts_are_refused) {
  NativeBackend backend;
  TileStatistics statistics(backend);
  EXPECT_THROW(statistics.of_tile()(halves(backend, 1, 2)), std::out_of_range);
  EXPECT_THROW(statistics.of_part(0)(halves(backend, 1, 2)), std::out_of_range);
  statistics.of_overview({part_of_overview(0, 1)})(halves(backend, 1, 2));
  EXPECT_THROW(statistics.of_part(1)(halves(backend, 1, 2)), std::out_of_range);
}

TileGrid grid_of(int width, int height, int tile) {
  return {plan_tiles(width, tile, 128, 16), plan_tiles(height, tile, 128, 16)};
}

TEST(MeasuringPlan, measures_every_tile_of_a_small_photo_once_and_half_of_them_twice) {
  const TileGrid grid = grid_of(1000, 640, 576);
  const MeasuringPlan plan = plan_measuring(grid, 16);
  ASSERT_EQ(plan.parts.size(), grid.count());
  EXPECT_EQ(plan.passes, grid.count() + grid.count() / 2);
  EXPECT_EQ(plan.reduction, 2);  // reduces 1000 pixels to at most 576
  double area = 0;
  for (const MeasuringPlan::Part& part : plan.parts)
    area += (part.in_overview.right - part.in_overview.left) * (part.in_overview.bottom - part.in_overview.top);
  EXPECT_NEAR(area, 500.0 * 320 / (512 * 320), 1e-9);  // the overview is padded to 512
}

TEST(MeasuringPlan, locates_a_part_in_its_tile_and_in_the_overview) {
  const TileGrid grid = grid_of(1000, 640, 576);
  for (const MeasuringPlan::Part& part : plan_measuring(grid, 16).parts) {
    const TileAxis::Tile &column = grid.across.tiles[part.column], &row = grid.down.tiles[part.row];
    const double left = column.origin + part.in_tile.left * double(round_up(column.length, 16));
    const double bottom = row.origin + part.in_tile.bottom * double(round_up(row.length, 16));
    EXPECT_NEAR(left, part.in_overview.left * 2 * 512, 1e-6);
    EXPECT_NEAR(bottom, part.in_overview.bottom * 2 * 320, 1e-6);
  }
}

TEST(MeasuringPlan, spreads_few_passes_over_many_tiles) {
  const TileGrid grid = grid_of(4000, 3000, 512);
  const MeasuringPlan plan = plan_measuring(grid, 16);
  EXPECT_EQ(plan.parts.size(), 8u);
  EXPECT_EQ(plan.passes, 8u);
  EXPECT_LT(plan.parts.front().row, 2u);
  EXPECT_GE(plan.parts.back().row + 2, grid.down.tiles.size());
}

}  // namespace
}  // namespace daclip
