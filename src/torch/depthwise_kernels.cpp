#include "torch/depthwise_kernels.h"

namespace daclip {
namespace {

#define DACLIP_SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define DACLIP_INLINE inline __attribute__((always_inline))

// Eight channels: with sixteen, the nine taps and nine neighbours would exceed AVX2's registers. Loads and stores may
// be unaligned.
using Lanes = float __attribute__((vector_size(32), aligned(4), may_alias));

template <class V>
DACLIP_INLINE const V& load(const float* p) {
  return *reinterpret_cast<const V*>(p);
}
template <class V>
DACLIP_INLINE V& at(float* p) {
  return *reinterpret_cast<V*>(p);
}

// One row of outputs for the channels of one V. top, mid and bottom are the three input rows, null outside the map.
template <class V>
DACLIP_INLINE void convolve_row(const float* const rows[3], const float* taps, const float* bias, float* y,
                                int64_t width, int64_t c) {
  V t[9];
  for (int i = 0; i < 9; ++i) t[i] = load<V>(taps + i * c);
  V b = {};
  if (bias) b = load<V>(bias);
  V left[3] = {}, mid[3] = {}, right[3] = {};
  for (int r = 0; r < 3; ++r) {
    if (rows[r]) mid[r] = load<V>(rows[r]);
  }
  for (int64_t x = 0; x < width; ++x) {
    V sum = b;
    for (int r = 0; r < 3; ++r) {
      if (!rows[r]) continue;
      right[r] = x + 1 < width ? load<V>(rows[r] + (x + 1) * c) : V{};
      sum += left[r] * t[3 * r] + mid[r] * t[3 * r + 1] + right[r] * t[3 * r + 2];
      left[r] = mid[r];
      mid[r] = right[r];
    }
    at<V>(y + x * c) = sum;
  }
}

template <class V>
DACLIP_INLINE void accumulate_row(const float* const rows[3], const float* grad_y, float* grad_taps, float* grad_bias,
                                  int64_t width, int64_t c) {
  V g[9];
  for (int i = 0; i < 9; ++i) g[i] = load<V>(grad_taps + i * c);
  V b = load<V>(grad_bias);
  V left[3] = {}, mid[3] = {}, right[3] = {};
  for (int r = 0; r < 3; ++r) {
    if (rows[r]) mid[r] = load<V>(rows[r]);
  }
  for (int64_t x = 0; x < width; ++x) {
    const V d = load<V>(grad_y + x * c);
    b += d;
    for (int r = 0; r < 3; ++r) {
      if (!rows[r]) continue;
      right[r] = x + 1 < width ? load<V>(rows[r] + (x + 1) * c) : V{};
      g[3 * r] += left[r] * d;
      g[3 * r + 1] += mid[r] * d;
      g[3 * r + 2] += right[r] * d;
      left[r] = mid[r];
      mid[r] = right[r];
    }
  }
  for (int i = 0; i < 9; ++i) at<V>(grad_taps + i * c) = g[i];
  at<V>(grad_bias) = b;
}

DACLIP_INLINE const float* row_or_null(const float* x, int64_t y, int64_t height, int64_t stride) {
  return y >= 0 && y < height ? x + y * stride : nullptr;
}

}  // namespace

DACLIP_SIMD void depthwise3x3_rows(const float* x, const float* taps, const float* bias, float* y, int64_t height,
                                   int64_t width, int64_t channels, int64_t begin, int64_t end) {
  const int64_t stride = width * channels;
  for (int64_t row = begin; row < end; ++row) {
    const float* above = row_or_null(x, row - 1, height, stride);
    const float* here = x + row * stride;
    const float* below = row_or_null(x, row + 1, height, stride);
    int64_t c = 0;
    for (; c + 8 <= channels; c += 8) {
      const float* rows[3] = {above ? above + c : nullptr, here + c, below ? below + c : nullptr};
      convolve_row<Lanes>(rows, taps + c, bias ? bias + c : nullptr, y + (row - begin) * stride + c, width, channels);
    }
    for (; c < channels; ++c) {
      const float* rows[3] = {above ? above + c : nullptr, here + c, below ? below + c : nullptr};
      convolve_row<float>(rows, taps + c, bias ? bias + c : nullptr, y + (row - begin) * stride + c, width, channels);
    }
  }
}

DACLIP_SIMD void depthwise3x3_grad_taps(const float* x, const float* grad_y, float* grad_taps, float* grad_bias,
                                        int64_t height, int64_t width, int64_t channels, int64_t begin, int64_t end) {
  const int64_t stride = width * channels;
  for (int64_t row = begin; row < end; ++row) {
    const float* above = row_or_null(x, row - 1, height, stride);
    const float* here = x + row * stride;
    const float* below = row_or_null(x, row + 1, height, stride);
    int64_t c = 0;
    for (; c + 8 <= channels; c += 8) {
      const float* rows[3] = {above ? above + c : nullptr, here + c, below ? below + c : nullptr};
      accumulate_row<Lanes>(rows, grad_y + row * stride + c, grad_taps + c, grad_bias + c, width, channels);
    }
    for (; c < channels; ++c) {
      const float* rows[3] = {above ? above + c : nullptr, here + c, below ? below + c : nullptr};
      accumulate_row<float>(rows, grad_y + row * stride + c, grad_taps + c, grad_bias + c, width, channels);
    }
  }
}

}  // namespace daclip
