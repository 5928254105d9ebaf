// How a length is cut into overlapping tiles that blend smoothly. Two of these make a grid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace daclip {

inline int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

struct TileAxis {
  struct Tile {
    int origin = 0, length = 0;
    std::vector<float> weight;  // `length` values; over all tiles they sum to 1 at every position
  };
  std::vector<Tile> tiles;  // in order; one tile when everything fits

  struct Span {
    int begin = 0, end = 0;
  };

  // What tile i is nearest to: up to the middles of what it shares with its neighbours. Together they cover the length
  // once.
  Span core(size_t i) const;
};

struct TileGrid {
  TileAxis across, down;

  size_t count() const { return across.tiles.size() * down.tiles.size(); }
};

// `tile` at most so many pixels, rounded up to a multiple of `align`; neighbours share `overlap` pixels (rounded up
// likewise, at most a third of the tile) under a raised cosine. Origins are multiples of `align`. Throws UsageError
// where tile or align is below 1.
TileAxis plan_tiles(int length, int tile, int overlap, int align);

}  // namespace daclip
