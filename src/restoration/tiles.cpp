#include "restoration/tiles.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/error.h"

namespace daclip {
namespace {

// Rises from 0 to 1 over `width` positions.
float raised_cosine(int position, int width) {
  return float(0.5 - 0.5 * std::cos(std::numbers::pi * (position + 0.5) / width));
}

}  // namespace

TileAxis plan_tiles(int length, int tile, int overlap, int align) {
  if (tile < 1 || align < 1 || overlap < 0) throw UsageError(cat("tile of ", tile, " pixels: expected at least 1"));
  TileAxis axis;
  if (length <= tile) {
    axis.tiles.push_back({0, length, std::vector<float>(size_t(length), 1.f)});
    return axis;
  }
  const int64_t largest = std::max(round_up(tile, align), int64_t(3) * align);
  const int64_t shared = std::min(round_up(overlap, align), largest / 3 / align * align);
  // Finds the fewest tiles of the largest size, then the smallest size with which that many still cover the length.
  int64_t count = std::max<int64_t>(1, (length - shared + largest - shared - 1) / (largest - shared));
  const int64_t size = round_up((length + (count - 1) * shared + count - 1) / count, align);
  const int64_t step = size - shared;
  count = std::max<int64_t>(1, (length - shared + step - 1) / step);
  for (int64_t i = 0; i < count; ++i) {
    TileAxis::Tile t;
    t.origin = int(i * step);
    t.length = int(std::min<int64_t>(size, length - i * step));
    t.weight.assign(size_t(t.length), 1.f);
    for (int k = 0; k < int(shared) && k < t.length; ++k) {
      if (i > 0) t.weight[size_t(k)] *= raised_cosine(k, int(shared));
      if (i + 1 < count) t.weight[size_t(step + k)] *= 1 - raised_cosine(k, int(shared));
    }
    axis.tiles.push_back(std::move(t));
  }
  return axis;
}

TileAxis::Span TileAxis::core(size_t i) const {
  const auto end = [&](size_t k) { return tiles[k].origin + tiles[k].length; };
  return {i == 0 ? 0 : (tiles[i].origin + end(i - 1)) / 2,
          i + 1 == tiles.size() ? end(i) : (tiles[i + 1].origin + end(i)) / 2};
}

}  // namespace daclip
