#include "engine/kernels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/linear_attention.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "engine/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {

void run_column_max(DType type, const void* x, size_t stride, float* top, size_t rows, size_t cols) {
  with_type(type, [&](auto* t) {
    auto* in = static_cast<const std::remove_pointer_t<decltype(t)>*>(x);
    for (size_t r = 0; r < rows; ++r, in += stride)
      for_each(cols, [&](auto d, size_t i) HWY_ATTR { store(d, hn::Max(load(d, top + i), load(d, in + i)), top + i); });
  });
}

void run_linear_context(DType type, const void* k, const void* v, size_t stride, const float* top, float* sums,
                        float* context, size_t rows, size_t heads, size_t d_head) {
  const size_t cols = heads * d_head;
  std::vector<float> e(cols);
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* tk = static_cast<const T*>(k);
    const T* tv = static_cast<const T*>(v);
    for (size_t r = 0; r < rows; ++r, tk += stride, tv += stride) {
      for_each(cols, [&](auto d, size_t i) HWY_ATTR {
        const auto value = hn::Exp(d, hn::Sub(load(d, tk + i), load(d, top + i)));
        store(d, value, e.data() + i);
        store(d, hn::Add(load(d, sums + i), value), sums + i);
      });
      for (size_t row = 0; row < cols; ++row) {
        const T* values = tv + row / d_head * d_head;
        float* into = context + row * d_head;
        for_each(d_head, [&](auto d, size_t j) HWY_ATTR {
          store(d, hn::MulAdd(hn::Set(d, e[row]), load(d, values + j), load(d, into + j)), into + j);
        });
      }
    }
  });
}

void run_linear_read(DType type, const void* q, size_t stride, const float* context, void* y, size_t rows, size_t heads,
                     size_t d_head) {
  const size_t cols = heads * d_head;
  std::vector<float> e(d_head);
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(q);
    T* out = static_cast<T*>(y);
    for (size_t r = 0; r < rows; ++r, in += stride, out += cols) {
      for (size_t h = 0; h < heads; ++h) {
        kernels::softmax({type, DType::f32, 1, d_head}, in + h * d_head, e.data());
        const float* matrix = context + h * d_head * d_head;
        for_each(d_head, [&](auto d, size_t j) HWY_ATTR {
          auto total = hn::Zero(d);
          for (size_t i = 0; i < d_head; ++i)
            total = hn::MulAdd(hn::Set(d, e[i]), load(d, matrix + i * d_head + j), total);
          store(d, total, out + h * d_head + j);
        });
      }
    }
  });
}

}  // namespace daclip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace daclip {
HWY_EXPORT(run_column_max);
HWY_EXPORT(run_linear_context);
HWY_EXPORT(run_linear_read);

namespace kernels {

void column_max(DType type, const void* x, size_t stride, float* top, size_t rows, size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_column_max)(type, x, stride, top, rows, cols);
}

void linear_context(DType type, const void* k, const void* v, size_t stride, const float* top, float* sums,
                    float* context, size_t rows, size_t heads, size_t d) {
  HWY_DYNAMIC_DISPATCH(run_linear_context)(type, k, v, stride, top, sums, context, rows, heads, d);
}

void linear_read(DType type, const void* q, size_t stride, const float* context, void* y, size_t rows, size_t heads,
                 size_t d) {
  HWY_DYNAMIC_DISPATCH(run_linear_read)(type, q, stride, context, y, rows, heads, d);
}

}  // namespace kernels
}  // namespace daclip
#endif
