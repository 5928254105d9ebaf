#include "engine/kernels.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "engine/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {

using kernels::Depthwise;

// One row of a 3x3 kernel for the channels at c: the window slides, so that each input is loaded once a row.
// Rows outside the image have step 0 and point at zeros.
template <class D, class T>
HWY_INLINE void row3x3(D d, const Depthwise& job, const T* const rows[3], const size_t steps[3], T* y, size_t c) {
  using V = hn::VFromD<D>;
  const size_t channels = size_t(job.channels);
  const auto weight = [&](int i) HWY_ATTR { return load(d, job.w + size_t(i) * channels + c); };
  const V w0 = weight(0), w1 = weight(1), w2 = weight(2), w3 = weight(3), w4 = weight(4), w5 = weight(5);
  const V w6 = weight(6), w7 = weight(7), w8 = weight(8);
  const V bias = job.bias ? load(d, job.bias + c) : hn::Zero(d);
  const T *p0 = rows[0] + c, *p1 = rows[1] + c, *p2 = rows[2] + c;
  V a0 = hn::Zero(d), b0 = hn::Zero(d), c0 = hn::Zero(d);
  V a1 = load(d, p0), b1 = load(d, p1), c1 = load(d, p2);
  y += c;
  for (int64_t x = 0; x < job.width; ++x, y += channels) {
    V a2 = hn::Zero(d), b2 = hn::Zero(d), c2 = hn::Zero(d);
    if (x + 1 < job.width) {
      a2 = load(d, p0 += steps[0]);
      b2 = load(d, p1 += steps[1]);
      c2 = load(d, p2 += steps[2]);
    }
    V s0 = hn::MulAdd(a0, w0, bias), s1 = hn::Mul(b0, w3), s2 = hn::Mul(c0, w6);
    s0 = hn::MulAdd(a1, w1, s0);
    s1 = hn::MulAdd(b1, w4, s1);
    s2 = hn::MulAdd(c1, w7, s2);
    s0 = hn::MulAdd(a2, w2, s0);
    s1 = hn::MulAdd(b2, w5, s1);
    s2 = hn::MulAdd(c2, w8, s2);
    store(d, hn::Add(hn::Add(s0, s1), s2), y);
    a0 = a1, b0 = b1, c0 = c1;
    a1 = a2, b1 = b2, c1 = c2;
  }
}

template <class T>
void depthwise3x3(const Depthwise& job, const T* x, T* y, int64_t first, int64_t last) {
  const size_t channels = size_t(job.channels), row = size_t(job.width) * channels;
  const std::vector<T> zeros(channels, T(0));
  for (int64_t i = first; i < last; ++i) {
    const T* rows[3];
    size_t steps[3];
    for (int64_t k = 0; k < 3; ++k) {
      const int64_t source = i + k - 1;
      const bool inside = source >= 0 && source < job.height;
      rows[k] = inside ? x + size_t(source) * row : zeros.data();
      steps[k] = inside ? channels : 0;
    }
    for_each(channels, [&](auto d, size_t c) HWY_ATTR { row3x3(d, job, rows, steps, y + size_t(i) * row, c); });
  }
}

template <class T>
void depthwise_any(const Depthwise& job, const T* x, T* y, int64_t first, int64_t last) {
  const size_t channels = size_t(job.channels);
  const int64_t half = job.kernel / 2;
  for (int64_t i = first; i < last; ++i) {
    const int64_t top = std::max<int64_t>(0, i - half), bottom = std::min(job.height, i + half + 1);
    for (int64_t j = 0; j < job.width; ++j) {
      const int64_t left = std::max<int64_t>(0, j - half), right = std::min(job.width, j + half + 1);
      T* out = y + size_t(i * job.width + j) * channels;
      for_each(channels, [&](auto d, size_t c) HWY_ATTR {
        auto total = job.bias ? load(d, job.bias + c) : hn::Zero(d);
        for (int64_t p = top; p < bottom; ++p)
          for (int64_t q = left; q < right; ++q) {
            const size_t tap = size_t((p - i + half) * job.kernel + (q - j + half));
            total = hn::MulAdd(load(d, x + size_t(p * job.width + q) * channels + c),
                               load(d, job.w + tap * channels + c), total);
          }
        store(d, total, out + c);
      });
    }
  }
}

void run_depthwise(const Depthwise& job, const void* x, void* y, int64_t first, int64_t last) {
  with_type(job.type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    if (job.kernel == 3)
      depthwise3x3(job, static_cast<const T*>(x), static_cast<T*>(y), first, last);
    else
      depthwise_any(job, static_cast<const T*>(x), static_cast<T*>(y), first, last);
  });
}

}  // namespace daclip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace daclip {
HWY_EXPORT(run_depthwise);

namespace kernels {

void depthwise(const Depthwise& job, const void* x, void* y, int64_t first, int64_t last) {
  HWY_DYNAMIC_DISPATCH(run_depthwise)(job, x, y, first, last);
}

}  // namespace kernels
}  // namespace daclip
#endif
