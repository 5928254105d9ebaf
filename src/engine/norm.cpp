#include "engine/kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "engine/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {

using kernels::SoftmaxRows;

// Sum over i of f(d, i).
template <class F>
HWY_INLINE float sum(size_t count, const F& f) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  auto total0 = hn::Zero(d), total1 = hn::Zero(d);
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    total0 = hn::Add(total0, f(d, i));
    total1 = hn::Add(total1, f(d, i + lanes));
  }
  for (; i + lanes <= count; i += lanes) total0 = hn::Add(total0, f(d, i));
  float result = hn::GetLane(hn::SumOfLanes(d, hn::Add(total0, total1)));
  const hn::CappedTag<float, 1> one;
  for (; i < count; ++i) result += hn::GetLane(f(one, i));
  return result;
}

template <class T>
float mean(const T* x, size_t count) {
  return sum(count, [&](auto d, size_t i) HWY_ATTR { return load(d, x + i); }) / float(count);
}

template <class T>
float variance(const T* x, size_t count, float mean) {
  return sum(count,
             [&](auto d, size_t i) HWY_ATTR {
               const auto v = hn::Sub(load(d, x + i), hn::Set(d, mean));
               return hn::Mul(v, v);
             }) /
         float(count);
}

// Rows of exactly N vectors, which stay in registers between the three passes.
template <size_t N, class T>
void layer_norm_held(const T* in, const float* gain, const float* bias, T* out, size_t rows, float eps) {
  const hn::ScalableTag<float> d;
  using V = hn::VFromD<decltype(d)>;
  const size_t lanes = hn::Lanes(d), cols = N * lanes;
  const float share = 1.0f / float(cols);
  V scale[N], shift[N];
  for (size_t i = 0; i < N; ++i) {
    scale[i] = load(d, gain + i * lanes);
    shift[i] = bias ? load(d, bias + i * lanes) : hn::Zero(d);
  }
  for (size_t r = 0; r < rows; ++r, in += cols, out += cols) {
    V v[N], total = hn::Zero(d), squares = hn::Zero(d);
    for (size_t i = 0; i < N; ++i) total = hn::Add(total, v[i] = load(d, in + i * lanes));
    const V mean = hn::Set(d, hn::GetLane(hn::SumOfLanes(d, total)) * share);
    for (size_t i = 0; i < N; ++i) {
      v[i] = hn::Sub(v[i], mean);
      squares = hn::MulAdd(v[i], v[i], squares);
    }
    const V factor = hn::Set(d, 1.0f / std::sqrt(hn::GetLane(hn::SumOfLanes(d, squares)) * share + eps));
    for (size_t i = 0; i < N; ++i) store(d, hn::MulAdd(hn::Mul(v[i], factor), scale[i], shift[i]), out + i * lanes);
  }
}

void run_layer_norm(DType type, const void* x, const float* gain, const float* bias, void* y, size_t rows, size_t cols,
                    float eps) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(x);
    T* out = static_cast<T*>(y);
    const size_t lanes = hn::Lanes(hn::ScalableTag<float>());
    if (cols == 2 * lanes) return layer_norm_held<2>(in, gain, bias, out, rows, eps);
    if (cols == 4 * lanes) return layer_norm_held<4>(in, gain, bias, out, rows, eps);
    if (cols == 6 * lanes) return layer_norm_held<6>(in, gain, bias, out, rows, eps);
    for (size_t r = 0; r < rows; ++r, in += cols, out += cols) {
      const float centre = mean(in, cols), factor = 1.0f / std::sqrt(variance(in, cols, centre) + eps);
      for_each(cols, [&](auto d, size_t i) HWY_ATTR {
        const auto v = hn::Mul(hn::Sub(load(d, in + i), hn::Set(d, centre)), hn::Set(d, factor));
        const auto shift = bias ? load(d, bias + i) : hn::Zero(d);
        store(d, hn::MulAdd(v, load(d, gain + i), shift), out + i);
      });
    }
  });
}

void run_deviation_norm(DType type, const void* x, const float* gain, void* y, size_t rows, size_t cols, float eps) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(x);
    T* out = static_cast<T*>(y);
    for (size_t r = 0; r < rows; ++r, in += cols, out += cols) {
      const float factor = 1.0f / std::sqrt(variance(in, cols, mean(in, cols)) + eps);
      for_each(cols, [&](auto d, size_t i) HWY_ATTR {
        store(d, hn::Mul(hn::Mul(load(d, in + i), hn::Set(d, factor)), load(d, gain + i)), out + i);
      });
    }
  });
}

void run_normalize(DType type, const void* x, void* y, size_t rows, size_t cols) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(x);
    T* out = static_cast<T*>(y);
    for (size_t r = 0; r < rows; ++r, in += cols, out += cols) {
      const float squares = sum(cols, [&](auto d, size_t i) HWY_ATTR {
        const auto v = load(d, in + i);
        return hn::Mul(v, v);
      });
      const float factor = 1.0f / std::max(std::sqrt(squares), 1e-12f);
      for_each(cols,
               [&](auto d, size_t i) HWY_ATTR { store(d, hn::Mul(load(d, in + i), hn::Set(d, factor)), out + i); });
    }
  });
}

void run_column_sums(DType type, const void* x, const float* mean, float* sums, size_t rows, size_t cols) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(x);
    std::fill(sums, sums + cols, 0.0f);
    for (size_t r = 0; r < rows; ++r, in += cols)
      for_each(cols, [&](auto d, size_t i) HWY_ATTR {
        auto v = load(d, in + i);
        if (mean) {
          v = hn::Sub(v, load(d, mean + i));
          v = hn::Mul(v, v);
        }
        store(d, hn::Add(load(d, sums + i), v), sums + i);
      });
  });
}

template <class T>
float row_max(const T* x, size_t count) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const hn::CappedTag<float, 1> one;
  float result = hn::GetLane(load(one, x));
  size_t i = 0;
  if (count >= lanes) {
    auto top = load(d, x);
    for (i = lanes; i + lanes <= count; i += lanes) top = hn::Max(top, load(d, x + i));
    result = hn::GetLane(hn::MaxOfLanes(d, top));
  }
  for (; i < count; ++i) result = std::max(result, hn::GetLane(load(one, x + i)));
  return result;
}

template <class T, class U>
void softmax_typed(const SoftmaxRows& job, const T* x, U* y) {
  for (size_t r = 0; r < job.rows; ++r, x += job.cols, y += job.cols) {
    const size_t count = job.causal ? std::min(job.cols, job.visible + r) : job.cols;
    const float top = row_max(x, count) * job.factor;
    const auto exponential = [&](auto d, size_t i) HWY_ATTR {
      return hn::Exp(d, hn::MulSub(load(d, x + i), hn::Set(d, job.factor), hn::Set(d, top)));
    };
    if constexpr (std::is_same_v<U, float>) {
      // x may alias y: each value is read once, before it is overwritten.
      const float total = sum(count, [&](auto d, size_t i) HWY_ATTR {
        const auto e = exponential(d, i);
        store(d, e, y + i);
        return e;
      });
      const float factor = 1.0f / total;
      for_each(count, [&](auto d, size_t i) HWY_ATTR { store(d, hn::Mul(load(d, y + i), hn::Set(d, factor)), y + i); });
    } else {
      const float factor = 1.0f / sum(count, exponential);
      for_each(count,
               [&](auto d, size_t i) HWY_ATTR { store(d, hn::Mul(exponential(d, i), hn::Set(d, factor)), y + i); });
    }
    std::fill(y + count, y + job.cols, U(0));
  }
}

void run_softmax(const SoftmaxRows& job, const void* x, void* y) {
  with_type(job.from, [&](auto* f) {
    with_type(job.to, [&](auto* t) {
      softmax_typed(job, static_cast<const std::remove_pointer_t<decltype(f)>*>(x),
                    static_cast<std::remove_pointer_t<decltype(t)>*>(y));
    });
  });
}

}  // namespace daclip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace daclip {
HWY_EXPORT(run_layer_norm);
HWY_EXPORT(run_deviation_norm);
HWY_EXPORT(run_normalize);
HWY_EXPORT(run_column_sums);
HWY_EXPORT(run_softmax);

namespace kernels {

void layer_norm(DType type, const void* x, const float* gain, const float* bias, void* y, size_t rows, size_t cols,
                float eps) {
  HWY_DYNAMIC_DISPATCH(run_layer_norm)(type, x, gain, bias, y, rows, cols, eps);
}

void deviation_norm(DType type, const void* x, const float* gain, void* y, size_t rows, size_t cols, float eps) {
  HWY_DYNAMIC_DISPATCH(run_deviation_norm)(type, x, gain, y, rows, cols, eps);
}

void normalize(DType type, const void* x, void* y, size_t rows, size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_normalize)(type, x, y, rows, cols);
}

void column_sums(DType type, const void* x, const float* mean, float* sums, size_t rows, size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_column_sums)(type, x, mean, sums, rows, cols);
}

void softmax(const SoftmaxRows& job, const void* x, void* y) { HWY_DYNAMIC_DISPATCH(run_softmax)(job, x, y); }

}  // namespace kernels
}  // namespace daclip
#endif
