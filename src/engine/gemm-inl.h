// float32 matrix product with one packed operand. A panel is two vectors wide: it streams through the cache while the
// sums of a few rows stay in registers.
#if defined(DACLIP_ENGINE_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DACLIP_ENGINE_GEMM_INL_H_
#undef DACLIP_ENGINE_GEMM_INL_H_
#else
#define DACLIP_ENGINE_GEMM_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Register use: this many rows times two vectors of sums, two vectors of the panel and one broadcast value fill 16 or
// 32 registers.
constexpr size_t kPanelRows = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON ? 12 : 6;

HWY_INLINE size_t panel_cols() { return 2 * hn::Lanes(hn::ScalableTag<float>()); }

// Number of columns rounded up to whole panels.
HWY_INLINE size_t packed_cols(size_t cols) { return (cols + panel_cols() - 1) / panel_cols() * panel_cols(); }

// Panels are stored consecutively, each (k, panel_cols()).
HWY_INLINE size_t packed_index(size_t k, size_t row, size_t col) {
  const size_t width = panel_cols();
  return (col / width * k + row) * width + col % width;
}

template <size_t R>
HWY_INLINE void multiply_rows(const float* HWY_RESTRICT a, size_t a_stride, size_t k, const float* HWY_RESTRICT panel,
                              float* HWY_RESTRICT y, size_t y_stride) {
  const hn::ScalableTag<float> d;
  using V = hn::VFromD<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  V left[R], right[R];
  for (size_t r = 0; r < R; ++r) left[r] = right[r] = hn::Zero(d);
  for (size_t p = 0; p < k; ++p, panel += 2 * lanes) {
    const V b0 = hn::Load(d, panel), b1 = hn::Load(d, panel + lanes);
    for (size_t r = 0; r < R; ++r) {
      const V value = hn::Set(d, a[r * a_stride + p]);
      left[r] = hn::MulAdd(value, b0, left[r]);
      right[r] = hn::MulAdd(value, b1, right[r]);
    }
  }
  for (size_t r = 0; r < R; ++r, y += y_stride) {
    hn::StoreU(left[r], d, y);
    hn::StoreU(right[r], d, y + lanes);
  }
}

template <size_t R>
HWY_INLINE void multiply_tail(size_t rows, const float* a, size_t a_stride, size_t k, const float* panel, float* y,
                              size_t y_stride) {
  if (rows == R) return multiply_rows<R>(a, a_stride, k, panel, y, y_stride);
  if constexpr (R > 1) multiply_tail<R - 1>(rows, a, a_stride, k, panel, y, y_stride);
}

// a (rows, k) times packed columns -> y (rows, wide), wide = packed_cols(cols). `packed` is aligned to whole vectors.
inline HWY_NOINLINE void multiply(const float* a, size_t a_stride, size_t rows, size_t k, const float* packed,
                                  size_t wide, float* y, size_t y_stride) {
  for (size_t first = 0; first < wide; first += panel_cols(), packed += k * panel_cols()) {
    size_t r = 0;
    for (; r + kPanelRows <= rows; r += kPanelRows)
      multiply_rows<kPanelRows>(a + r * a_stride, a_stride, k, packed, y + r * y_stride + first, y_stride);
    if (r < rows)
      multiply_tail<kPanelRows - 1>(rows - r, a + r * a_stride, a_stride, k, packed, y + r * y_stride + first,
                                    y_stride);
  }
}

}  // namespace daclip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
