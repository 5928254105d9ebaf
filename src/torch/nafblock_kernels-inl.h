// The kernels of nafblock_kernels.h. Each instruction set has a source file that includes this one after setting
//   DACLIP_NAF_LANES  floats per register
//   DACLIP_NAF_ROWS   rows of a matrix product's tile; the tile is two registers wide and must fit the registers
//   DACLIP_NAF_TABLE  name of the resulting NafKernels
// Do not use inline functions that other files share: the linker would keep one copy of them for every processor.
#include <algorithm>

#include "torch/depthwise_kernels.h"
#include "torch/nafblock_kernels.h"

namespace daclip {
namespace {

#define DACLIP_INLINE inline __attribute__((always_inline))

constexpr int64_t kLanes = DACLIP_NAF_LANES;
constexpr int kTileRows = DACLIP_NAF_ROWS;
using V = float __attribute__((vector_size(DACLIP_NAF_LANES * sizeof(float)), aligned(4), may_alias));
using V8 = float __attribute__((vector_size(32)));
using V4 = float __attribute__((vector_size(16)));

DACLIP_INLINE V load(const float* p) { return *reinterpret_cast<const V*>(p); }
DACLIP_INLINE void store(float* p, V v) { *reinterpret_cast<V*>(p) = v; }

DACLIP_INLINE float sum_lanes(V v) {
#if DACLIP_NAF_LANES == 16
  const V8 a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
               __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#else
  const V8 a = v;
#endif
  const V4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
  return (b[0] + b[1]) + (b[2] + b[3]);
}

// --- Matrix product -----------------------------------------------------------------------------------------------

struct Left {  // A(m,k) = data[m * row + k * column]
  const float* data;
  int64_t row, column;
};
struct Right {  // B(k,n): packed (row == 0), or row-major with this row length
  const float* data;
  int64_t row;
};
// C = A B + add + bias; add (M,N) with the row length of C, or null; bias (N) or null.
struct Result {
  float* data;
  int64_t row;
  const float* add;
  const float* bias;
};

template <int Rows, int Vectors>
DACLIP_INLINE void tile(int64_t depth, const float* a, int64_t row, int64_t column, const float* b, int64_t b_row,
                        float* c, int64_t c_row, const float* add, const float* bias) {
  V sum[Rows][Vectors];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) {
      sum[i][j] = bias ? load(bias + kLanes * j) : V{};
      if (add) sum[i][j] += load(add + i * c_row + kLanes * j);
    }
  }
  for (int64_t k = 0; k < depth; ++k) {
    V right[Vectors];
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) right[j] = load(b + k * b_row + kLanes * j);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
      const float left = a[i * row + k * column];
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) sum[i][j] += left * right[j];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) store(c + i * c_row + kLanes * j, sum[i][j]);
  }
}

template <int Vectors>
DACLIP_INLINE void column_panel(int64_t rows, int64_t depth, const Left& a, const float* b, int64_t b_row,
                                const Result& c, int64_t n) {
  const float* bias = c.bias ? c.bias + n : nullptr;
  const auto step = [&]<int Rows>(int64_t m) __attribute__((always_inline)) {
    tile<Rows, Vectors>(depth, a.data + m * a.row, a.row, a.column, b, b_row, c.data + m * c.row + n, c.row,
                        c.add ? c.add + m * c.row + n : nullptr, bias);
  };
  int64_t m = 0;
  for (; m + kTileRows <= rows; m += kTileRows) step.template operator()<kTileRows>(m);
  for (; m + 2 <= rows; m += 2) step.template operator()<2>(m);
  for (; m < rows; ++m) step.template operator()<1>(m);
}

void multiply_add(int64_t rows, int64_t columns, int64_t depth, const Left& a, const Right& b, const Result& c) {
  for (int64_t n = 0; n < columns; n += 2 * kLanes) {
    const int64_t panel = std::min(2 * kLanes, columns - n);
    const float* data = b.row ? b.data + n : b.data + n * depth;
    const int64_t b_row = b.row ? b.row : panel;
    if (panel == 2 * kLanes) {
      column_panel<2>(rows, depth, a, data, b_row, c, n);
    } else {
      column_panel<1>(rows, depth, a, data, b_row, c, n);
    }
  }
}

// y (P,N) = x (P,K) B + add + bias; B is packed.
void dense(int64_t pixels, int64_t in, int64_t out, const float* x, const float* packed, float* y, const float* add,
           const float* bias) {
  multiply_add(pixels, out, in, {x, in, 1}, {packed, 0}, {y, out, add, bias});
}

// sums (M,N) += a^T b, a (P,M), b (P,N).
void add_outer(int64_t pixels, int64_t m, int64_t n, const float* a, const float* b, float* sums) {
  multiply_add(m, n, pixels, {a, 1, m}, {b, n}, {sums, n, sums, nullptr});
}

// sums (C) += the sum of value(p, c) over pixels. Four accumulators hide the latency of the additions.
template <class Value>
DACLIP_INLINE void add_sums(int64_t pixels, int64_t channels, float* sums, const Value& value) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    V total[4] = {load(sums + c)};
    int64_t p = 0;
    for (; p + 4 <= pixels; p += 4) {
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) total[i] += value(p + i, c);
    }
    for (; p < pixels; ++p) total[0] += value(p, c);
    store(sums + c, (total[0] + total[1]) + (total[2] + total[3]));
  }
}

void add_column_sums(int64_t pixels, int64_t channels, const float* x, float* sums) {
  add_sums(
      pixels, channels,
      sums, [=](int64_t p, int64_t c) __attribute__((always_inline)) { return load(x + p * channels + c); });
}

// --- Norm and gate ------------------------------------------------------------------------------------------------

// stats: mean and 1/deviation of each pixel, four floats apart.
void normalise(int64_t pixels, int64_t channels, const float* x, const float* gain, const float* bias, float* stats,
               float* y) {
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    V sum{}, squares{};
    for (int64_t c = 0; c < channels; c += kLanes) sum += load(x + c);
    const float mean = sum_lanes(sum) / float(channels);
    for (int64_t c = 0; c < channels; c += kLanes) {
      const V d = load(x + c) - mean;
      squares += d * d;
    }
    const float inverse = 1 / __builtin_sqrtf(sum_lanes(squares) / float(channels) + kNafNormEps);
    stats[4 * p] = mean;
    stats[4 * p + 1] = inverse;
    for (int64_t c = 0; c < channels; c += kLanes) {
      store(y + c, (load(x + c) - mean) * inverse * load(gain + c) + load(bias + c));
    }
  }
}

void renormalise(int64_t pixels, int64_t channels, const float* x, const float* gain, const float* bias,
                 const float* stats, float* y) {
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    const float mean = stats[4 * p], inverse = stats[4 * p + 1];
    for (int64_t c = 0; c < channels; c += kLanes) {
      store(y + c, (load(x + c) - mean) * inverse * load(gain + c) + load(bias + c));
    }
  }
}

// grad_x = straight + grad_y propagated back through the norm.
void normalise_backward(int64_t pixels, int64_t channels, const float* x, const float* gain, const float* stats,
                        const float* grad_y, const float* straight, float* grad_x, float* grad_gain, float* grad_bias) {
  const float share = 1 / float(channels);
  for (int64_t p = 0; p < pixels; ++p) {
    const float mean = stats[4 * p], inverse = stats[4 * p + 1];
    const int64_t at = p * channels;
    V sum{}, along{};
    for (int64_t c = 0; c < channels; c += kLanes) {
      const V unit = (load(x + at + c) - mean) * inverse, g = load(grad_y + at + c);
      store(grad_gain + c, load(grad_gain + c) + g * unit);
      store(grad_bias + c, load(grad_bias + c) + g);
      const V scaled = g * load(gain + c);
      sum += scaled;
      along += scaled * unit;
    }
    const float mean_grad = sum_lanes(sum) * share, mean_along = sum_lanes(along) * share;
    for (int64_t c = 0; c < channels; c += kLanes) {
      const V unit = (load(x + at + c) - mean) * inverse;
      const V scaled = load(grad_y + at + c) * load(gain + c);
      store(grad_x + at + c, load(straight + at + c) + (scaled - mean_grad - unit * mean_along) * inverse);
    }
  }
}

// y (P,C) = left half of x (P,2C) times its right half, times `scale` (C) if Scaled.
template <bool Scaled>
DACLIP_INLINE void gate(int64_t pixels, int64_t channels, const float* x, const float* scale, float* y) {
  for (int64_t p = 0; p < pixels; ++p, x += 2 * channels, y += channels) {
    for (int64_t c = 0; c < channels; c += kLanes) {
      V v = load(x + c) * load(x + channels + c);
      if constexpr (Scaled) v *= load(scale + c);
      store(y + c, v);
    }
  }
}

void add_gate_sums(int64_t pixels, int64_t channels, const float* x, float* sums) {
  add_sums(
      pixels, channels, sums, [=](int64_t p, int64_t c) __attribute__((always_inline)) {
        return load(x + 2 * p * channels + c) * load(x + (2 * p + 1) * channels + c);
      });
}

// grad_x (P,2C) of the gate, whose output gradient is grad_y * scale + shift; scale and shift (C) if Scaled.
template <bool Scaled>
DACLIP_INLINE void gate_backward(int64_t pixels, int64_t channels, const float* x, const float* grad_y,
                                 const float* scale, const float* shift, float* grad_x) {
  for (int64_t p = 0; p < pixels; ++p, x += 2 * channels, grad_x += 2 * channels, grad_y += channels) {
    for (int64_t c = 0; c < channels; c += kLanes) {
      V g = load(grad_y + c);
      if constexpr (Scaled) g = g * load(scale + c) + load(shift + c);
      store(grad_x + c, g * load(x + channels + c));
      store(grad_x + channels + c, g * load(x + c));
    }
  }
}

// Rows per step: about 64 pixels keep all intermediates in the first- and second-level caches.
int64_t rows_at_once(const NafMap& map) { return std::max<int64_t>(1, 64 / map.width); }

void pack(const float* w, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride, float* packed) {
  for (int64_t n = 0; n < columns; n += 2 * kLanes) {
    const int64_t panel = std::min(2 * kLanes, columns - n);
    for (int64_t k = 0; k < rows; ++k) {
      for (int64_t j = 0; j < panel; ++j) *packed++ = w[k * row_stride + (n + j) * column_stride];
    }
  }
}

void nafblock_forward(const NafMap& map, const NafWeights& w, const NafNorms& norms, const float* x,
                      const NafSaved& saved, float* out, NafScratch& scratch) {
  const int64_t h = map.height, wd = map.width, c = map.channels, step = rows_at_once(map);
  float* normed = scratch.get(0, step * wd * c);
  std::fill(saved.pooled, saved.pooled + c, 0.0f);
  for (int64_t row = 0; row < h; row += step) {
    const int64_t last = std::min(h, row + step), begin = row * wd, pixels = (last - row) * wd;
    normalise(pixels, c, x + begin * c, norms.gain1, norms.bias1, saved.stats + 4 * begin, normed);
    dense(pixels, c, 2 * c, normed, w.conv1, saved.hidden + begin * 2 * c, nullptr, w.bias1);
    // The convolution lags one row behind, except at the end.
    const int64_t from = std::max<int64_t>(0, row - 1), to = last == h ? h : last - 1;
    float* spatial = saved.spatial + from * wd * 2 * c;
    depthwise3x3_rows(saved.hidden, w.taps, w.bias2, spatial, h, wd, 2 * c, from, to);
    add_gate_sums((to - from) * wd, c, spatial, saved.pooled);
  }
  for (int64_t i = 0; i < c; ++i) saved.pooled[i] /= float(map.pixels());
  for (int64_t o = 0; o < c; ++o) {
    V sum{};
    for (int64_t i = 0; i < c; i += kLanes) sum += load(w.attention + o * c + i) * load(saved.pooled + i);
    saved.scale[o] = sum_lanes(sum) + w.attention_bias[o];
  }
  for (int64_t row = 0; row < h; row += step) {
    const int64_t begin = row * wd, pixels = (std::min(h, row + step) - row) * wd;
    float* y = saved.middle + begin * c;
    float* a4 = saved.gate + begin * 2 * c;
    gate<true>(pixels, c, saved.spatial + begin * 2 * c, saved.scale, normed);
    dense(pixels, c, c, normed, w.conv3, y, x + begin * c, w.bias3);
    normalise(pixels, c, y, norms.gain2, norms.bias2, saved.stats + 4 * begin + 2, normed);
    dense(pixels, c, 2 * c, normed, w.conv4, a4, nullptr, w.bias4);
    gate<false>(pixels, c, a4, nullptr, normed);
    dense(pixels, c, c, normed, w.conv5, out + begin * c, y, w.bias5);
  }
}

// The second half of the block. grad_middle becomes the gradient of y; outer3 becomes this map's outer products of W3.
void backward_second_half(const NafMap& map, const NafBackwardWeights& w, const NafNorms& norms, const NafSaved& saved,
                          const float* grad_out, float* grad_middle, float* outer3, const NafGradients& grads,
                          const NafNormGradients& norm_grads, NafScratch& scratch) {
  const int64_t wd = map.width, c = map.channels, step = rows_at_once(map);
  float* narrow = scratch.get(0, step * wd * c);
  float* wide = scratch.get(1, step * wd * 2 * c);
  for (int64_t row = 0; row < map.height; row += step) {
    const int64_t begin = row * wd, pixels = (std::min(map.height, row + step) - row) * wd;
    const float* g = grad_out + begin * c;
    const float* a4 = saved.gate + begin * 2 * c;
    const float* y = saved.middle + begin * c;
    const float* stats = saved.stats + 4 * begin + 2;
    float* gy = grad_middle + begin * c;
    gate<false>(pixels, c, a4, nullptr, narrow);
    add_outer(pixels, c, c, g, narrow, grads.outer5);
    add_column_sums(pixels, c, g, grads.sum5);
    dense(pixels, c, c, g, w.conv5, narrow, nullptr, nullptr);
    gate_backward<false>(pixels, c, a4, narrow, nullptr, nullptr, wide);
    renormalise(pixels, c, y, norms.gain2, norms.bias2, stats, narrow);
    add_outer(pixels, 2 * c, c, wide, narrow, grads.conv4);
    add_column_sums(pixels, 2 * c, wide, grads.bias4);
    dense(pixels, 2 * c, c, wide, w.conv4, narrow, nullptr, nullptr);
    normalise_backward(pixels, c, y, norms.gain2, stats, narrow, g, gy, norm_grads.gain2, norm_grads.bias2);
    gate<false>(pixels, c, saved.spatial + begin * 2 * c, nullptr, narrow);
    add_outer(pixels, c, c, gy, narrow, outer3);
    add_column_sums(pixels, c, gy, grads.sum3);
  }
}

// Backward through the channel attention: computes the gradient (C) that every pixel's gate output receives through the
// mean.
void backward_attention(const NafMap& map, const NafBackwardWeights& w, const NafSaved& saved, const float* outer3,
                        const NafGradients& grads, float* grad_pooled, NafScratch& scratch) {
  const int64_t c = map.channels;
  float* grad_scale = scratch.get(2, c);
  std::fill(grad_scale, grad_scale + c, 0.0f);
  std::fill(grad_pooled, grad_pooled + c, 0.0f);
  // Sum over pixels of grad(g*s)_k g_k, where grad(g*s) = W3^T grad_y: it is contained in the outer products.
  for (int64_t o = 0; o < c; ++o) {
    for (int64_t k = 0; k < c; k += kLanes) {
      const V outer = load(outer3 + o * c + k);
      store(grad_scale + k, load(grad_scale + k) + load(w.plain_conv3 + o * c + k) * outer);
      store(grads.outer3 + o * c + k, load(grads.outer3 + o * c + k) + outer * load(saved.scale + k));
    }
  }
  for (int64_t o = 0; o < c; ++o) {
    const float g = grad_scale[o];
    grads.attention_bias[o] += g;
    for (int64_t k = 0; k < c; k += kLanes) {
      store(grads.attention + o * c + k, load(grads.attention + o * c + k) + g * load(saved.pooled + k));
      store(grad_pooled + k, load(grad_pooled + k) + g * load(w.attention + o * c + k));
    }
  }
  for (int64_t k = 0; k < c; ++k) grad_pooled[k] /= float(map.pixels());
}

void nafblock_backward(const NafMap& map, const NafBackwardWeights& w, const NafNorms& norms, const float* x,
                       const NafSaved& saved, const float* grad_out, float* grad_x, const NafGradients& grads,
                       const NafNormGradients& norm_grads, NafScratch& scratch) {
  const int64_t h = map.height, wd = map.width, c = map.channels, step = rows_at_once(map);
  float* grad_middle = scratch.get(3, map.pixels() * c);
  float* grad_spatial = scratch.get(4, map.pixels() * 2 * c);
  float* outer3 = scratch.get(5, c * c);
  float* grad_pooled = scratch.get(6, c);
  std::fill(outer3, outer3 + c * c, 0.0f);
  backward_second_half(map, w, norms, saved, grad_out, grad_middle, outer3, grads, norm_grads, scratch);
  backward_attention(map, w, saved, outer3, grads, grad_pooled, scratch);

  float* narrow = scratch.get(0, (step + 1) * wd * c);
  float* wide = scratch.get(1, (step + 1) * wd * 2 * c);
  for (int64_t row = 0; row < h; row += step) {
    const int64_t last = std::min(h, row + step), begin = row * wd, count = (last - row) * wd;
    dense(count, c, c, grad_middle + begin * c, w.conv3, narrow, nullptr, nullptr);
    gate_backward<true>(count, c, saved.spatial + begin * 2 * c, narrow, saved.scale, grad_pooled,
                        grad_spatial + begin * 2 * c);
    const int64_t from = std::max<int64_t>(0, row - 1), to = last == h ? h : last - 1;
    const int64_t at = from * wd, pixels = (to - from) * wd;
    if (pixels == 0) continue;
    depthwise3x3_rows(grad_spatial, w.turned_taps, nullptr, wide, h, wd, 2 * c, from, to);
    depthwise3x3_grad_taps(saved.hidden, grad_spatial, grads.taps, grads.bias2, h, wd, 2 * c, from, to);
    renormalise(pixels, c, x + at * c, norms.gain1, norms.bias1, saved.stats + 4 * at, narrow);
    add_outer(pixels, 2 * c, c, wide, narrow, grads.conv1);
    add_column_sums(pixels, 2 * c, wide, grads.bias1);
    dense(pixels, 2 * c, c, wide, w.conv1, narrow, nullptr, nullptr);
    normalise_backward(pixels, c, x + at * c, norms.gain1, saved.stats + 4 * at, narrow, grad_middle + at * c,
                       grad_x + at * c, norm_grads.gain1, norm_grads.bias1);
  }
}

}  // namespace

const NafKernels DACLIP_NAF_TABLE{pack, nafblock_forward, nafblock_backward};

}  // namespace daclip
