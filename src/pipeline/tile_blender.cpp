#include "pipeline/tile_blender.h"

#include <algorithm>

#include "image/pixels.h"

namespace daclip {
namespace {

// Accumulates a tile, weighted by its blending window, into the strip.
void accumulate(const FloatImage& tile, const TileAxis::Tile& across, const TileAxis::Tile& down, FloatImage& strip) {
  for (int y = 0; y < tile.height; ++y) {
    const float* from = tile.row(y);
    float* to = strip.row(y) + size_t(across.origin) * 3;
    for (int x = 0; x < tile.width; ++x) {
      const float weight = across.weight[size_t(x)] * down.weight[size_t(y)];
      for (int c = 0; c < 3; ++c) to[x * 3 + c] += weight * from[x * 3 + c];
    }
  }
}

// Writes the strip's first `rows` rows, which no later tile touches, and moves the rest to its top.
void flush(FloatImage& strip, int rows, int top, float strength, const Image& photo, Image& result) {
  FloatImage done(strip.width, rows, 3);
  const auto end = strip.data.begin() + std::ptrdiff_t(done.data.size());
  std::copy(strip.data.begin(), end, done.data.begin());
  if (strength < 1) {
    const FloatImage before = rgb_region(photo, 0, top, strip.width, rows);
    for (size_t i = 0; i < done.data.size(); ++i)
      done.data[i] = before.data[i] + strength * (std::clamp(done.data[i], 0.f, 1.f) - before.data[i]);
  }
  store_region(result, 0, top, done);
  const auto rest = std::move(end, strip.data.end(), strip.data.begin());
  std::fill(rest, strip.data.end(), 0.f);
}

}  // namespace

Image restore_tiles(const Image& photo, const TileGrid& grid, TileSession& session, float strength,
                    const ProgressFraction& progress) {
  Image result = photo;
  int done = 0;
  ProgressFraction in_tile;
  if (progress) in_tile = [&](double fraction) { progress((done + fraction) / double(grid.count())); };
  const std::vector<TileAxis::Tile>& rows = grid.down.tiles;
  FloatImage strip(photo.width, rows.front().length, 3);
  for (size_t j = 0; j < rows.size(); ++j) {
    const TileAxis::Tile& row = rows[j];
    for (const TileAxis::Tile& column : grid.across.tiles) {
      const FloatImage tile = rgb_region(photo, column.origin, row.origin, column.length, row.length);
      accumulate(session.restore(tile, column.origin, row.origin, in_tile), column, row, strip);
      ++done;
    }
    const int end = j + 1 < rows.size() ? rows[j + 1].origin : photo.height;
    flush(strip, end - row.origin, row.origin, strength, photo, result);
  }
  return result;
}

}  // namespace daclip
