#include "engine/kernels.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/channel_attention.cpp"
#include <hwy/aligned_allocator.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "engine/gemm-inl.h"
#include "engine/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {

// sums (R, two vectors) += the products of R columns of a and two vectors of b's columns, over all rows.
template <size_t R>
HWY_INLINE void column_products(const float* HWY_RESTRICT a, size_t a_stride, const float* HWY_RESTRICT b,
                                size_t b_stride, size_t rows, float* HWY_RESTRICT sums, size_t sums_stride) {
  const hn::ScalableTag<float> d;
  using V = hn::VFromD<decltype(d)>;
  const size_t lanes = hn::Lanes(d);
  V left[R], right[R];
  for (size_t r = 0; r < R; ++r) {
    left[r] = hn::LoadU(d, sums + r * sums_stride);
    right[r] = hn::LoadU(d, sums + r * sums_stride + lanes);
  }
  for (size_t p = 0; p < rows; ++p, a += a_stride, b += b_stride) {
    const V b0 = hn::LoadU(d, b), b1 = hn::LoadU(d, b + lanes);
    for (size_t r = 0; r < R; ++r) {
      const V value = hn::Set(d, a[r]);
      left[r] = hn::MulAdd(value, b0, left[r]);
      right[r] = hn::MulAdd(value, b1, right[r]);
    }
  }
  for (size_t r = 0; r < R; ++r) {
    hn::StoreU(left[r], d, sums + r * sums_stride);
    hn::StoreU(right[r], d, sums + r * sums_stride + lanes);
  }
}

template <size_t R>
HWY_INLINE void column_products_tail(size_t columns, const float* a, size_t a_stride, const float* b, size_t b_stride,
                                     size_t rows, float* sums, size_t sums_stride) {
  if (columns == R) return column_products<R>(a, a_stride, b, b_stride, rows, sums, sums_stride);
  if constexpr (R > 1) column_products_tail<R - 1>(columns, a, a_stride, b, b_stride, rows, sums, sums_stride);
}

void run_channel_products(DType type, const void* qkv, float* products, float* squares, size_t rows, size_t heads,
                          size_t d) {
  const size_t cols = heads * d, wide = packed_cols(d);
  std::vector<float> q(rows * d), k(rows * wide), sums(d * wide);
  with_type(type, [&](auto* t) {
    const auto* in = static_cast<const std::remove_pointer_t<decltype(t)>*>(qkv);
    for (size_t h = 0; h < heads; ++h) {
      for (size_t r = 0; r < rows; ++r) {
        const auto take = [&](const auto* from, float* to, float* total) {
          for_each(d, [&](auto tag, size_t i) HWY_ATTR {
            const auto v = load(tag, from + i);
            store(tag, v, to + i);
            store(tag, hn::MulAdd(v, v, load(tag, total + i)), total + i);
          });
        };
        take(in + r * 3 * cols + h * d, &q[r * d], squares + h * d);
        take(in + r * 3 * cols + cols + h * d, &k[r * wide], squares + cols + h * d);
      }
      std::fill(sums.begin(), sums.end(), 0.0f);
      for (size_t column = 0; column < wide; column += panel_cols()) {
        size_t i = 0;
        for (; i + kPanelRows <= d; i += kPanelRows)
          column_products<kPanelRows>(&q[i], d, &k[column], wide, rows, &sums[i * wide + column], wide);
        if (i < d)
          column_products_tail<kPanelRows - 1>(d - i, &q[i], d, &k[column], wide, rows, &sums[i * wide + column], wide);
      }
      for (size_t i = 0; i < d; ++i)
        for (size_t j = 0; j < d; ++j) products[(h * d + i) * d + j] += sums[i * wide + j];
    }
  });
}

void run_channel_mix(DType type, const void* qkv, const float* weights, void* y, size_t rows, size_t heads, size_t d) {
  const size_t cols = heads * d, wide = packed_cols(d);
  std::vector<float> v(rows * d), mixed(rows * wide);
  const auto packed = hwy::AllocateAligned<float>(d * wide);
  std::fill_n(packed.get(), d * wide, 0.0f);
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(qkv) + 2 * cols;
    T* out = static_cast<T*>(y);
    for (size_t h = 0; h < heads; ++h) {
      for (size_t i = 0; i < d; ++i)
        for (size_t j = 0; j < d; ++j) packed[packed_index(d, j, i)] = weights[(h * d + i) * d + j];
      for (size_t r = 0; r < rows; ++r)
        for_each(d, [&](auto tag, size_t i)
                        HWY_ATTR { store(tag, load(tag, in + r * 3 * cols + h * d + i), &v[r * d + i]); });
      multiply(v.data(), d, rows, d, packed.get(), wide, mixed.data(), wide);
      for (size_t r = 0; r < rows; ++r)
        for_each(d, [&](auto tag, size_t i)
                        HWY_ATTR { store(tag, load(tag, &mixed[r * wide + i]), out + r * cols + h * d + i); });
    }
  });
}

}  // namespace daclip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace daclip {
HWY_EXPORT(run_channel_products);
HWY_EXPORT(run_channel_mix);

namespace kernels {

void channel_products(DType type, const void* qkv, float* products, float* squares, size_t rows, size_t heads,
                      size_t d) {
  HWY_DYNAMIC_DISPATCH(run_channel_products)(type, qkv, products, squares, rows, heads, d);
}

void channel_mix(DType type, const void* qkv, const float* weights, void* y, size_t rows, size_t heads, size_t d) {
  HWY_DYNAMIC_DISPATCH(run_channel_mix)(type, qkv, weights, y, rows, heads, d);
}

}  // namespace kernels
}  // namespace daclip
#endif
