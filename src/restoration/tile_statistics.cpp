#include "restoration/tile_statistics.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace daclip {
namespace {

// The first half of the tiles is measured twice, because its first measurement used the least accurate means. In four
// tiles of low light or shadow this raises the PSNR against the untiled result from 42 dB to at least 47; a third
// measurement gains nothing noticeable. In larger photos only some tiles are measured, which bounds the cost.
constexpr size_t kMeasuringPasses = 8;

double area(const MapPart& part) { return (part.right - part.left) * (part.bottom - part.top); }

}  // namespace

MeasuringPlan plan_measuring(const TileGrid& grid, int multiple) {
  const size_t columns = grid.across.tiles.size(), count = grid.count(), measured = std::min(count, kMeasuringPasses);
  const TileAxis::Tile &right = grid.across.tiles.back(), &bottom = grid.down.tiles.back();
  const int width = right.origin + right.length, height = bottom.origin + bottom.length;
  const int side = std::max(grid.across.tiles.front().length, grid.down.tiles.front().length);
  MeasuringPlan plan;
  plan.reduction = (std::max(width, height) + side - 1) / side;
  plan.passes = std::min((3 * count + 1) / 2, kMeasuringPasses);

  // A span of the photo as fractions of a network input that starts at `origin`, is reduced, and is padded to the
  // multiple.
  const auto shares = [&](const TileAxis::Span& span, int origin, int length, int reduction) {
    const double seen = double(round_up((length + reduction - 1) / reduction, multiple)) * reduction;
    return std::pair((span.begin - origin) / seen, (span.end - origin) / seen);
  };
  const auto part = [](const std::pair<double, double>& across, const std::pair<double, double>& down) {
    return MapPart{across.first, down.first, across.second, down.second};
  };
  for (size_t k = 0; k < measured; ++k) {
    const size_t at = (2 * k + 1) * count / (2 * measured), i = at % columns, j = at / columns;
    const TileAxis::Span across = grid.across.core(i), down = grid.down.core(j);
    const TileAxis::Tile &column = grid.across.tiles[i], &row = grid.down.tiles[j];
    plan.parts.push_back(
        {i, j, part(shares(across, column.origin, column.length, 1), shares(down, row.origin, row.length, 1)),
         part(shares(across, 0, width, plan.reduction), shares(down, 0, height, plan.reduction))});
  }
  return plan;
}

Pooling TileStatistics::of_overview(std::vector<MeasuringPlan::Part> parts) {
  parts_ = std::move(parts);
  blocks_.clear();
  return [this](const Tensor& x) {
    Block& block = blocks_.emplace_back();
    for (const MeasuringPlan::Part& part : parts_) block.reduced.push_back(mean_over(x, part.in_overview));
    block.details.resize(parts_.size());
    return block.overview = backend_.global_mean(x);
  };
}

Pooling TileStatistics::of_part(size_t index) {
  return [this, index, number = size_t(0)](const Tensor& x) mutable {
    Block& block = blocks_.at(number++);
    const Tensor mean = mean_over(x, parts_.at(index).in_tile);
    block.details[index] = backend_.add(mean, backend_.scale(block.reduced[index], -1));
    return photo_mean(block);
  };
}

Pooling TileStatistics::of_tile() const {
  return [this, number = size_t(0)](const Tensor&) mutable { return photo_mean(blocks_.at(number++)); };
}

Tensor TileStatistics::photo_mean(const Block& block) const {
  double measured = 0;
  for (size_t i = 0; i < parts_.size(); ++i)
    if (block.details[i].defined()) measured += area(parts_[i].in_overview);
  Tensor mean = block.overview;
  for (size_t i = 0; i < parts_.size(); ++i)
    if (block.details[i].defined())
      mean = backend_.add(mean, backend_.scale(block.details[i], float(area(parts_[i].in_overview) / measured)));
  return mean;
}

Tensor TileStatistics::mean_over(const Tensor& x, const MapPart& part) const {
  const auto slice = [&](const Tensor& map, int dim, double from, double to) {
    const int64_t length = map.dim(dim),
                  begin = std::clamp<int64_t>(std::llround(from * double(length)), 0, length - 1);
    return backend_.slice(map, dim, begin, std::clamp<int64_t>(std::llround(to * double(length)), begin + 1, length));
  };
  return backend_.global_mean(slice(slice(x, 1, part.top, part.bottom), 2, part.left, part.right));
}

}  // namespace daclip
