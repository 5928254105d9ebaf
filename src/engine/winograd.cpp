#include "engine/kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/winograd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "engine/gemm-inl.h"
#include "engine/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {

using kernels::Winograd;

// Cook-Toom interpolation at the points 0, +-a, +-b and infinity. 3/4 and 3/2 are exact in binary and have the smallest
// error, about a fifth of that of the usual 1 and 2.
constexpr float kA = 0.75f, kB = 1.5f, kA2 = kA * kA, kB2 = kB * kB;
constexpr size_t kOut = 4, kIn = 6, kPoints = kIn * kIn;

// Computes B^T d along one axis.
template <class D, class V>
HWY_INLINE void input_transform(D d, const V in[kIn], V out[kIn]) {
  const auto set = [d](float value) HWY_ATTR { return hn::Set(d, value); };
  out[0] = hn::NegMulAdd(set(kA2 + kB2), in[2], hn::MulAdd(set(kA2 * kB2), in[0], in[4]));
  const V even_a = hn::NegMulAdd(set(kB2), in[2], in[4]), odd_a = hn::NegMulAdd(set(kB2), in[1], in[3]);
  const V even_b = hn::NegMulAdd(set(kA2), in[2], in[4]), odd_b = hn::NegMulAdd(set(kA2), in[1], in[3]);
  out[1] = hn::MulAdd(set(kA), odd_a, even_a);
  out[2] = hn::NegMulAdd(set(kA), odd_a, even_a);
  out[3] = hn::MulAdd(set(kB), odd_b, even_b);
  out[4] = hn::NegMulAdd(set(kB), odd_b, even_b);
  out[5] = hn::NegMulAdd(set(kA2 + kB2), in[3], hn::MulAdd(set(kA2 * kB2), in[1], in[5]));
}

// Computes A^T m along one axis.
template <class D, class V>
HWY_INLINE void output_transform(D d, const V in[kIn], V out[kOut]) {
  const auto set = [d](float value) HWY_ATTR { return hn::Set(d, value); };
  const V even_a = hn::Add(in[1], in[2]), odd_a = hn::Sub(in[1], in[2]);
  const V even_b = hn::Add(in[3], in[4]), odd_b = hn::Sub(in[3], in[4]);
  out[0] = hn::Add(in[0], hn::Add(even_a, even_b));
  out[1] = hn::MulAdd(set(kA), odd_a, hn::Mul(set(kB), odd_b));
  out[2] = hn::MulAdd(set(kA2), even_a, hn::Mul(set(kB2), even_b));
  out[3] = hn::MulAdd(set(kA2 * kA), odd_a, hn::MulAdd(set(kB2 * kB), odd_b, in[5]));
}

// Transforms the 6x6 pixels under a tile (pointers to channels, or to zeros outside the image) into one row of each of
// the 36 matrices, which are `step` values apart.
HWY_NOINLINE void transform_input(const float* const pixels[kPoints], size_t channels, float* to, size_t step) {
  for_each(channels, [&](auto d, size_t c) HWY_ATTR {
    using V = hn::VFromD<decltype(d)>;
    V half[kIn][kIn];
    for (size_t j = 0; j < kIn; ++j) {
      V column[kIn], out[kIn];
      for (size_t i = 0; i < kIn; ++i) column[i] = load(d, pixels[i * kIn + j] + c);
      input_transform(d, column, out);
      for (size_t i = 0; i < kIn; ++i) half[i][j] = out[i];
    }
    for (size_t i = 0; i < kIn; ++i) {
      V out[kIn];
      input_transform(d, half[i], out);
      for (size_t j = 0; j < kIn; ++j) store(d, out[j], to + (i * kIn + j) * step + c);
    }
  });
}

// Transforms one row of each of the 36 products into the tile's rows x cols pixels at y, whose rows are `stride` values
// apart.
HWY_NOINLINE void transform_output(const float* from, size_t step, size_t channels, const float* bias, float* y,
                                   size_t stride, size_t rows, size_t cols) {
  for_each(channels, [&](auto d, size_t c) HWY_ATTR {
    using V = hn::VFromD<decltype(d)>;
    V half[kOut][kIn];
    for (size_t j = 0; j < kIn; ++j) {
      V column[kIn], out[kOut];
      for (size_t i = 0; i < kIn; ++i) column[i] = load(d, from + (i * kIn + j) * step + c);
      output_transform(d, column, out);
      for (size_t i = 0; i < kOut; ++i) half[i][j] = out[i];
    }
    const V shift = bias ? load(d, bias + c) : hn::Zero(d);
    for (size_t i = 0; i < rows; ++i) {
      V out[kOut];
      output_transform(d, half[i], out);
      for (size_t j = 0; j < cols; ++j) store(d, hn::Add(out[j], shift), y + i * stride + j * channels + c);
    }
  });
}

struct Tile {
  int64_t image, top, left;
};

Tile tile_at(const Winograd& job, size_t index) {
  const size_t down = size_t(job.out_h + 3) / kOut, across = size_t(job.out_w + 3) / kOut;
  return {int64_t(index / (down * across)), int64_t(index / across % down * kOut), int64_t(index % across * kOut)};
}

// Distance between the products of successive points. The additional cache line keeps a tile's 36 rows from mapping to
// the same cache lines.
size_t point_step(size_t tiles, size_t cols) { return tiles * cols + 16; }

void run_winograd(const Winograd& job, const float* x, float* y, size_t first, size_t last, float* scratch) {
  const size_t in = size_t(job.in), out = size_t(job.out), wide = packed_cols(out), tiles = last - first;
  const size_t in_step = point_step(tiles, in), out_step = point_step(tiles, wide);
  float *zeros = scratch, *inputs = zeros + in, *products = inputs + kPoints * in_step;
  std::fill(zeros, zeros + in, 0.0f);
  for (size_t i = 0; i < tiles; ++i) {
    const Tile tile = tile_at(job, first + i);
    const float* pixels[kPoints];
    for (size_t p = 0; p < kPoints; ++p) {
      const int64_t row = tile.top + int64_t(p / kIn) - job.padding;
      const int64_t col = tile.left + int64_t(p % kIn) - job.padding_width;
      const bool inside = row >= 0 && row < job.height && col >= 0 && col < job.width;
      pixels[p] = inside ? x + ((tile.image * job.height + row) * job.width + col) * job.in : zeros;
    }
    transform_input(pixels, in, inputs + i * in, in_step);
  }
  for (size_t p = 0; p < kPoints; ++p)
    multiply(inputs + p * in_step, in, tiles, in, job.w + p * in * wide, wide, products + p * out_step, wide);
  for (size_t i = 0; i < tiles; ++i) {
    const Tile tile = tile_at(job, first + i);
    transform_output(products + i * wide, out_step, out, job.bias,
                     y + ((tile.image * job.out_h + tile.top) * job.out_w + tile.left) * job.out,
                     size_t(job.out_w * job.out), size_t(std::min<int64_t>(kOut, job.out_h - tile.top)),
                     size_t(std::min<int64_t>(kOut, job.out_w - tile.left)));
  }
}

constexpr double kGa = 2 * double(kA2) * (kA2 - kB2), kGb = 2 * double(kB2) * (kB2 - kA2);
// U = G g G^T; kBack * G = 1.
constexpr double kG[kIn][3] = {{1 / double(kA2 * kB2), 0, 0},   {1 / kGa, kA / kGa, kA2 / kGa},
                               {1 / kGa, -kA / kGa, kA2 / kGa}, {1 / kGb, kB / kGb, kB2 / kGb},
                               {1 / kGb, -kB / kGb, kB2 / kGb}, {0, 0, 1}};
constexpr double kBack[3][kIn] = {
    {kA2 * kB2, 0, 0, 0, 0, 0}, {0, kGa / (2 * kA), -kGa / (2 * kA), 0, 0, 0}, {0, 0, 0, 0, 0, 1}};

// Packs rows [begin, end) of the panels.
void run_winograd_weights(const float* w, size_t in, size_t out, size_t begin, size_t end, float* packed) {
  const size_t wide = packed_cols(out), size = in * wide;
  for (size_t k = begin; k < end; ++k)
    for (size_t col = 0; col < wide; ++col) {
      const float* g = w + (std::min(col, out - 1) * in + k) * 9;
      const double used = col < out ? 1 : 0;
      double half[kIn][3];
      for (size_t i = 0; i < kIn; ++i)
        for (size_t s = 0; s < 3; ++s)
          half[i][s] = used * (kG[i][0] * double(g[s]) + kG[i][1] * double(g[3 + s]) + kG[i][2] * double(g[6 + s]));
      float* to = packed + packed_index(in, k, col);
      for (size_t i = 0; i < kIn; ++i)
        for (size_t j = 0; j < kIn; ++j, to += size)
          *to = float(half[i][0] * kG[j][0] + half[i][1] * kG[j][1] + half[i][2] * kG[j][2]);
    }
}

void run_winograd_plain_weights(const float* packed, size_t in, size_t out, float* w) {
  const size_t size = in * packed_cols(out);
  for (size_t col = 0; col < out; ++col)
    for (size_t k = 0; k < in; ++k)
      for (size_t i = 0; i < 9; ++i) {
        double total = 0;
        for (size_t p = 0; p < kPoints; ++p)
          total += kBack[i / 3][p / kIn] * kBack[i % 3][p % kIn] * double(packed[p * size + packed_index(in, k, col)]);
        *w++ = float(total);
      }
}

// Scratch size in values for `tiles` tiles, without the weights.
size_t run_winograd_scratch(size_t in, size_t out, size_t tiles) {
  return in + kPoints * (point_step(tiles, in) + point_step(tiles, packed_cols(out)));
}

size_t run_winograd_weight_size(size_t in, size_t out) { return kPoints * in * packed_cols(out); }

}  // namespace daclip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace daclip {
HWY_EXPORT(run_winograd);
HWY_EXPORT(run_winograd_weights);
HWY_EXPORT(run_winograd_plain_weights);
HWY_EXPORT(run_winograd_weight_size);
HWY_EXPORT(run_winograd_scratch);

namespace kernels {

size_t winograd_weight_size(int64_t in, int64_t out) {
  return HWY_DYNAMIC_DISPATCH(run_winograd_weight_size)(size_t(in), size_t(out));
}

void winograd_weights(const float* w, int64_t in, int64_t out, int64_t begin, int64_t end, float* packed) {
  HWY_DYNAMIC_DISPATCH(run_winograd_weights)(w, size_t(in), size_t(out), size_t(begin), size_t(end), packed);
}

void winograd_plain_weights(const float* packed, int64_t in, int64_t out, float* w) {
  HWY_DYNAMIC_DISPATCH(run_winograd_plain_weights)(packed, size_t(in), size_t(out), w);
}

size_t winograd_scratch_size(int64_t in, int64_t out, int64_t tiles) {
  return HWY_DYNAMIC_DISPATCH(run_winograd_scratch)(size_t(in), size_t(out), size_t(tiles));
}

void winograd(const Winograd& job, const float* x, float* y, int64_t first, int64_t last, float* scratch) {
  HWY_DYNAMIC_DISPATCH(run_winograd)(job, x, y, size_t(first), size_t(last), scratch);
}

}  // namespace kernels
}  // namespace daclip
#endif
