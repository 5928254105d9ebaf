// Cuts a length into overlapping tiles that blend smoothly. Two axes make a grid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace daclip {

inline int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

struct TileAxis {
  struct Tile {
    int origin = 0, length = 0;
    std::vector<float> weight;  // `length` blending weights; they sum to 1 over all tiles at every position
  };
  std::vector<Tile> tiles;  // in order; a single one if it covers the length

  struct Span {
    int begin = 0, end = 0;
  };

  // The part of tile i up to the middles of its overlaps. The cores of all tiles cover the length exactly once.
  Span core(size_t i) const;
};

struct TileGrid {
  TileAxis across, down;

  size_t count() const { return across.tiles.size() * down.tiles.size(); }
};

// tile: maximum tile length in pixels, rounded up to a multiple of `align`, at least three of them. overlap: pixels
// shared by neighbours and blended by a raised cosine, rounded up to a multiple of `align` but at most a third of the
// tile. Origins are multiples of `align`. Throws UsageError if tile or align is below 1 or overlap below 0.
TileAxis plan_tiles(int length, int tile, int overlap, int align);

}  // namespace daclip
