#include "engine/kernels.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/depthwise.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "engine/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {

using kernels::Depthwise;

// One input row of a 3x3 kernel. The window of three columns slides, so each value is loaded once per row. Rows outside
// the image have step 0 and point at zeros.
template <class D, class T>
struct Window {
  using V = hn::VFromD<D>;
  const T* p;
  size_t step;
  V left, middle, right;

  HWY_INLINE Window(D d, const T* row, size_t row_step) : p(row), step(row_step) {
    left = hn::Zero(d);
    middle = load(d, p);
    right = middle;
  }
  HWY_INLINE void reach(D d) {
    p += step;
    hwy::Prefetch(p + 4 * step);
    right = load(d, p);
  }
  HWY_INLINE void slide() {
    left = middle;
    middle = right;
  }
};

// Computes two output rows at once (or one, if `second` is null), because they share two of their three input rows.
template <class D, class T>
HWY_INLINE void rows3x3(D d, const Depthwise& job, const T* const rows[4], const size_t steps[4], T* first, T* second,
                        size_t c) {
  using V = hn::VFromD<D>;
  const size_t channels = size_t(job.channels);
  const auto weight = [&](size_t i) HWY_ATTR { return load(d, job.w + i * channels + c); };
  const V w0 = weight(0), w1 = weight(1), w2 = weight(2), w3 = weight(3), w4 = weight(4), w5 = weight(5);
  const V w6 = weight(6), w7 = weight(7), w8 = weight(8);
  const V bias = job.bias ? load(d, job.bias + c) : hn::Zero(d);
  Window<D, T> a(d, rows[0] + c, steps[0]), b(d, rows[1] + c, steps[1]), e(d, rows[2] + c, steps[2]),
      f(d, rows[3] + c, steps[3]);
  const auto row = [&](const auto& r, V left, V middle, V right, V sum) HWY_ATTR {
    return hn::MulAdd(r.right, right, hn::MulAdd(r.middle, middle, hn::MulAdd(r.left, left, sum)));
  };
  size_t at = c;
  for (int64_t x = 0; x < job.width; ++x, at += channels) {
    if (x + 1 < job.width) {
      a.reach(d), b.reach(d), e.reach(d), f.reach(d);
    } else {
      a.right = b.right = e.right = f.right = hn::Zero(d);
    }
    const V upper = hn::Add(row(a, w0, w1, w2, bias), row(b, w3, w4, w5, hn::Zero(d)));
    store(d, row(e, w6, w7, w8, upper), first + at);
    if (second) {
      const V lower = hn::Add(row(b, w0, w1, w2, bias), row(e, w3, w4, w5, hn::Zero(d)));
      store(d, row(f, w6, w7, w8, lower), second + at);
    }
    a.slide(), b.slide(), e.slide(), f.slide();
  }
}

template <class T>
void depthwise3x3(const Depthwise& job, const T* x, T* y, int64_t first, int64_t last) {
  const size_t channels = size_t(job.channels), row = size_t(job.width) * channels;
  const std::vector<T> zeros(channels, T(0));
  for (int64_t i = first; i < last; i += 2) {
    const T* rows[4];
    size_t steps[4];
    for (int64_t k = 0; k < 4; ++k) {
      const int64_t source = i + k - 1;
      const bool inside = source >= 0 && source < job.height;
      rows[k] = inside ? x + size_t(source) * row : zeros.data();
      steps[k] = inside ? channels : 0;
    }
    T* upper = y + size_t(i) * row;
    T* lower = i + 1 < last ? upper + row : nullptr;
    for_each(channels, [&](auto d, size_t c) HWY_ATTR { rows3x3(d, job, rows, steps, upper, lower, c); });
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
