#include "pipeline/tile_statistics.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pipeline/pixels.h"
#include "pipeline/tiles.h"

namespace daclip {
namespace {

constexpr int kSampleSide = 160, kMostSamples = 4;  // pixels at least, and number in each direction
constexpr int kMarginShare = 8;  // of a sample's side, at each end: it sees other neighbours than in the photo, and does not count

struct Cut {
  int origin, at, length;  // in the photo, in the picture of samples
};

std::vector<Cut> cut(int length, int tile) {
  const int count = std::clamp(tile / kSampleSide, 1, kMostSamples), part = std::min(length, tile / count);
  std::vector<Cut> cuts;
  for (int i = 0; i < count; ++i)  // at multiples of 8: JPEG's blocks keep their phase
    cuts.push_back({(length - part) * (2 * i + 1) / (2 * count) / 8 * 8, i * part, part});
  return cuts;
}

}  // namespace

PhotoSamples sample_photo(const Image& image, int tile_width, int tile_height, int multiple) {
  const std::vector<Cut> columns = cut(image.width, tile_width), rows = cut(image.height, tile_height);
  const int side = std::max(tile_width, tile_height), factor = (std::max(image.width, image.height) + side - 1) / side;
  PhotoSamples result;
  result.overview = box_reduced(image, factor);
  result.samples = FloatImage(columns.back().at + columns.back().length, rows.back().at + rows.back().length, 3);

  const auto part = [&](const Cut& column, const Cut& row, int Cut::* at, double unit, const FloatImage& seen) {
    const double width = unit * double(round_up(seen.width, multiple)), height = unit * double(round_up(seen.height, multiple));
    const int dx = column.length / kMarginShare, dy = row.length / kMarginShare;
    return MapPart{(column.*at + dx) / width, (row.*at + dy) / height, (column.*at + column.length - dx) / width,
                   (row.*at + row.length - dy) / height};
  };
  for (const Cut& row : rows)
    for (const Cut& column : columns) {
      const FloatImage sample = rgb_region(image, column.origin, row.origin, column.length, row.length);
      for (int y = 0; y < sample.height; ++y)
        std::copy_n(sample.row(y), size_t(sample.width) * 3, result.samples.row(row.at + y) + size_t(column.at) * 3);
      result.in_overview.push_back(part(column, row, &Cut::origin, factor, result.overview));
      result.in_samples.push_back(part(column, row, &Cut::at, 1, result.samples));
    }
  return result;
}

Pooling TileStatistics::of_overview(std::vector<MapPart> parts) {
  means_.clear();
  return [this, parts = std::move(parts)](const Tensor& x) {
    const Tensor whole = backend_.global_mean(x);
    means_.push_back(backend_.add(whole, backend_.scale(mean_over(x, parts), -1)));
    return whole;
  };
}

Pooling TileStatistics::of_samples(std::vector<MapPart> parts) {
  return [this, parts = std::move(parts), block = size_t(0)](const Tensor& x) mutable {
    Tensor& mean = means_.at(block++);
    return mean = backend_.add(mean, mean_over(x, parts));
  };
}

Pooling TileStatistics::of_tile() const {
  return [this, block = size_t(0)](const Tensor&) mutable { return means_.at(block++); };
}

Tensor TileStatistics::mean_over(const Tensor& x, const std::vector<MapPart>& parts) const {
  const auto slice = [&](const Tensor& map, int dim, double from, double to) {
    const int64_t length = map.dim(dim), begin = std::clamp<int64_t>(std::llround(from * double(length)), 0, length - 1);
    return backend_.slice(map, dim, begin, std::clamp<int64_t>(std::llround(to * double(length)), begin + 1, length));
  };
  Tensor sum;
  for (const MapPart& part : parts) {
    const Tensor mean = backend_.global_mean(slice(slice(x, 1, part.top, part.bottom), 2, part.left, part.right));
    sum = sum.defined() ? backend_.add(sum, mean) : mean;
  }
  return backend_.scale(sum, 1 / float(parts.size()));
}

}  // namespace daclip
