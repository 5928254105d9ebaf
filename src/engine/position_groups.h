// The groups of positions that Backend::mix_positions combines, for some channels of a map (N,H,W,C).
#pragma once

#include <cmath>
#include <cstring>

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
    parallel_for(threads, positions_, grain_rows(row), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p)
        for (int64_t g = first; g < last; ++g) {
          void* outside = at(map, type_, pixel(g, p) * stride_ + begin_);
          void* inside = at(rows, type_, p * row + (g - first) * channels_);
          std::memcpy(to_rows ? inside : outside, to_rows ? outside : inside,
                      size_t(channels_) * kernels::element_size(type_));
        }
    });
  }

  // Index of position p of group g among the pixels of all images.
  int64_t pixel(int64_t g, int64_t p) const {
    const int64_t down = height_ / side_, across = width_ / side_, image = g / (down * across);
    const int64_t y = g / across % down, x = g % across;
    const int64_t row = blocks_ ? y * side_ + p / side_ : p / side_ * down + y;
    const int64_t column = blocks_ ? x * side_ + p % side_ : p % side_ * across + x;
    return (image * height_ + row) * width_ + column;
  }

  DType type_;
  int64_t height_, width_, stride_, begin_, channels_, positions_, side_;
  bool blocks_;
  int64_t count_;
};

}  // namespace daclip
