// The groups of positions that Backend::mix_positions combines, for some channels of a map (N,H,W,C).
#pragma once

#include <cmath>
#include <cstring>
#include <vector>

#include "engine/kernels.h"
#include "engine/parallel.h"
#include "engine/rows.h"
#include "ops/backend.h"

namespace daclip {

class PositionGroups {
 public:
  // Of channels [begin, begin + channels). `positions` is a square number.
  PositionGroups(const Tensor& map, int64_t begin, int64_t channels, int64_t positions, Backend::Groups groups)
      : type_(map.dtype()), height_(map.dim(1)), width_(map.dim(2)), stride_(map.dim(3)), begin_(begin),
        channels_(channels), positions_(positions), side_(int64_t(std::lround(std::sqrt(double(positions))))),
        blocks_(groups == Backend::Groups::blocks), count_(map.dim(0) * height_ * width_ / positions) {}

  int64_t count() const { return count_; }  // over all images

  // Between groups [first, last) of `map` and `rows` (positions, groups, channels).
  void gather(void* map, int64_t first, int64_t last, void* rows, int threads) const {
    move(map, first, last, rows, threads, true);
  }
  void scatter(void* rows, int64_t first, int64_t last, void* map, int threads) const {
    move(map, first, last, rows, threads, false);
  }

 private:
  void move(void* map, int64_t first, int64_t last, void* rows, int threads, bool to_rows) const {
    const int64_t row = (last - first) * channels_;
    std::vector<int64_t> origins;  // values before each group's first position
    for (int64_t g = first; g < last; ++g) origins.push_back(origin(g) * stride_ + begin_);
    parallel_for(threads, positions_, grain_rows(row), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t step = distance(p) * stride_;
        for (size_t g = 0; g < origins.size(); ++g) {
          void* outside = at(map, type_, origins[g] + step);
          void* inside = at(rows, type_, p * row + int64_t(g) * channels_);
          std::memcpy(to_rows ? inside : outside, to_rows ? outside : inside,
                      size_t(channels_) * kernels::element_size(type_));
        }
      }
    });
  }

  // The first pixel of a group, among those of all images.
  int64_t origin(int64_t group) const {
    const int64_t down = height_ / side_, across = width_ / side_, image = group / (down * across);
    const int64_t apart = blocks_ ? side_ : 1, row = group / across % down * apart, column = group % across * apart;
    return (image * height_ + row) * width_ + column;
  }

  // Pixels from a group's first position to position p.
  int64_t distance(int64_t p) const {
    const int64_t down = blocks_ ? 1 : height_ / side_, across = blocks_ ? 1 : width_ / side_;
    return p / side_ * down * width_ + p % side_ * across;
  }

  DType type_;
  int64_t height_, width_, stride_, begin_, channels_, positions_, side_;
  bool blocks_;
  int64_t count_;
};

}  // namespace daclip
