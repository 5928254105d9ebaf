#include "engine/kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/pointwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "engine/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {

using kernels::Binary;
using kernels::Unary;

template <class T, class Op>
void map(const void* from, void* to, size_t count, const Op& op) {
  const T* x = static_cast<const T*>(from);
  T* y = static_cast<T*>(to);
  for_each(count, [&](auto d, size_t i) HWY_ATTR { store(d, op(d, load(d, x + i)), y + i); });
}

// x * sigmoid(slope * x). The exponent is clamped at 88 against overflow; the result is 0 long before.
template <class D>
HWY_INLINE hn::VFromD<D> swish(D d, hn::VFromD<D> v, float slope) {
  const auto e = hn::Exp(d, hn::Min(hn::Mul(v, hn::Set(d, -slope)), hn::Set(d, 88.0f)));
  return hn::Div(v, hn::Add(hn::Set(d, 1.0f), e));
}

// 1 / (1 + exp(-x)), with the same clamp.
template <class D>
HWY_INLINE hn::VFromD<D> logistic(D d, hn::VFromD<D> v) {
  const auto one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, hn::Exp(d, hn::Min(hn::Neg(v), hn::Set(d, 88.0f)))));
}

// x * (1 + tanh(u)) / 2 = x * sigmoid(2 u), u = sqrt(2/pi) (x + 0.044715 x^3).
template <class D>
HWY_INLINE hn::VFromD<D> tanh_gelu(D d, hn::VFromD<D> v) {
  const auto cubic =
      hn::MulAdd(hn::Mul(v, v), hn::Set(d, 2 * 0.79788456080286536f * 0.044715f), hn::Set(d, 2 * 0.79788456080286536f));
  return hn::Mul(v, logistic(d, hn::Mul(v, cubic)));
}

// x * Phi(x).
template <class D>
HWY_INLINE hn::VFromD<D> exact_gelu(D d, hn::VFromD<D> v) {
  const auto half = hn::Mul(v, hn::Set(d, 0.5f));
  return hn::MulAdd(half, erf(d, hn::Mul(v, hn::Set(d, 0.70710678118654752f))), half);
}

template <class T>
void unary_typed(Unary op, const void* x, void* y, size_t count, float factor) {
  switch (op) {
    case Unary::gelu: return map<T>(x, y, count, [](auto d, auto v) HWY_ATTR { return exact_gelu(d, v); });
    case Unary::gelu_tanh: return map<T>(x, y, count, [](auto d, auto v) HWY_ATTR { return tanh_gelu(d, v); });
    case Unary::quick_gelu: return map<T>(x, y, count, [](auto d, auto v) HWY_ATTR { return swish(d, v, 1.702f); });
    case Unary::silu: return map<T>(x, y, count, [](auto d, auto v) HWY_ATTR { return swish(d, v, 1.0f); });
    case Unary::relu: return map<T>(x, y, count, [](auto d, auto v) HWY_ATTR { return hn::Max(v, hn::Zero(d)); });
    case Unary::leaky_relu:
      return map<T>(x, y, count,
                    [factor](auto d, auto v) HWY_ATTR { return hn::Max(v, hn::Mul(v, hn::Set(d, factor))); });
    case Unary::sigmoid: return map<T>(x, y, count, [](auto d, auto v) HWY_ATTR { return logistic(d, v); });
    case Unary::scale:
      return map<T>(x, y, count, [factor](auto d, auto v) HWY_ATTR { return hn::Mul(v, hn::Set(d, factor)); });
  }
}

void run_unary(Unary op, DType type, const void* x, void* y, size_t count, float factor) {
  with_type(type, [&](auto* t) { unary_typed<std::remove_pointer_t<decltype(t)>>(op, x, y, count, factor); });
}

template <class T, class Op>
void combine(const T* a, const T* b, T* y, size_t rows, size_t cols, size_t b_stride, bool b_scalar, const Op& op) {
  for (size_t r = 0; r < rows; ++r, a += cols, b += b_stride, y += cols) {
    if (b_scalar) {
      const hn::CappedTag<float, 1> one;
      const float value = hn::GetLane(load(one, b));
      for_each(cols, [&](auto d, size_t i) HWY_ATTR { store(d, op(load(d, a + i), hn::Set(d, value)), y + i); });
    } else {
      for_each(cols, [&](auto d, size_t i) HWY_ATTR { store(d, op(load(d, a + i), load(d, b + i)), y + i); });
    }
  }
}

void run_binary(Binary op, DType type, const void* a, const void* b, void* y, size_t rows, size_t cols, size_t b_stride,
                bool b_scalar) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* ta = static_cast<const T*>(a);
    const T* tb = static_cast<const T*>(b);
    T* ty = static_cast<T*>(y);
    const auto each = [&](const auto& f) { combine(ta, tb, ty, rows, cols, b_stride, b_scalar, f); };
    switch (op) {
      case Binary::add: return each([](auto p, auto q) HWY_ATTR { return hn::Add(p, q); });
      case Binary::mul: return each([](auto p, auto q) HWY_ATTR { return hn::Mul(p, q); });
      case Binary::add_silu:
        return each([](auto p, auto q) HWY_ATTR { return hn::Add(p, swish(hn::DFromV<decltype(q)>(), q, 1.0f)); });
    }
  });
}

void run_weighted_sum(DType from, const void* const* rows, const float* weights, size_t count, DType to, void* y,
                      size_t cols) {
  with_type(from, [&](auto* f) {
    with_type(to, [&](auto* t) {
      auto* ty = static_cast<std::remove_pointer_t<decltype(t)>*>(y);
      const auto row = [&](size_t r) { return static_cast<const std::remove_pointer_t<decltype(f)>*>(rows[r]); };
      for_each(cols, [&](auto d, size_t i) HWY_ATTR {
        auto sum = hn::Mul(load(d, row(0) + i), hn::Set(d, weights[0]));
        for (size_t r = 1; r < count; ++r) sum = hn::MulAdd(load(d, row(r) + i), hn::Set(d, weights[r]), sum);
        store(d, sum, ty + i);
      });
    });
  });
}

void run_shift(DType type, const void* x, float shift, void* y, size_t count) {
  with_type(type, [&](auto* t) {
    map<std::remove_pointer_t<decltype(t)>>(x, y, count,
                                            [shift](auto d, auto v) HWY_ATTR { return hn::Add(v, hn::Set(d, shift)); });
  });
}

void run_shifted_gate(DType type, const void* u, const void* x, float shift, void* y, size_t count) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* tu = static_cast<const T*>(u);
    const T* tx = static_cast<const T*>(x);
    T* ty = static_cast<T*>(y);
    for_each(count, [&](auto d, size_t i) HWY_ATTR {
      store(d, hn::Mul(load(d, tu + i), hn::Add(load(d, tx + i), hn::Set(d, shift))), ty + i);
    });
  });
}

void run_convert(DType from, const void* x, DType to, void* y, size_t count) {
  with_type(from, [&](auto* f) {
    with_type(to, [&](auto* t) {
      auto* tx = static_cast<const std::remove_pointer_t<decltype(f)>*>(x);
      auto* ty = static_cast<std::remove_pointer_t<decltype(t)>*>(y);
      for_each(count, [&](auto d, size_t i) HWY_ATTR { store(d, load(d, tx + i), ty + i); });
    });
  });
}

void run_simple_gate(DType type, const void* x, void* y, size_t rows, size_t cols) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(x);
    T* out = static_cast<T*>(y);
    for (size_t r = 0; r < rows; ++r, in += 2 * cols, out += cols)
      for_each(cols,
               [&](auto d, size_t i) HWY_ATTR { store(d, hn::Mul(load(d, in + i), load(d, in + cols + i)), out + i); });
  });
}

// gelu of the half that begins at `from`, times the half that begins at `times`.
void gelu_gate(DType type, const void* x, size_t from, size_t times, void* y, size_t rows, size_t cols) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(x);
    T* out = static_cast<T*>(y);
    for (size_t r = 0; r < rows; ++r, in += 2 * cols, out += cols)
      for_each(cols, [&](auto d, size_t i) HWY_ATTR {
        store(d, hn::Mul(load(d, in + times + i), exact_gelu(d, load(d, in + from + i))), out + i);
      });
  });
}

void run_gelu_gate_first(DType type, const void* x, void* y, size_t rows, size_t cols) {
  gelu_gate(type, x, 0, cols, y, rows, cols);
}

void run_gelu_gate_second(DType type, const void* x, void* y, size_t rows, size_t cols) {
  gelu_gate(type, x, cols, 0, y, rows, cols);
}

void run_affine(DType type, const void* x, const float* mul, const float* add, bool silu, void* y, size_t rows,
                size_t cols) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* in = static_cast<const T*>(x);
    T* out = static_cast<T*>(y);
    for (size_t r = 0; r < rows; ++r, in += cols, out += cols) {
      if (silu)
        for_each(cols, [&](auto d, size_t i) HWY_ATTR {
          store(d, swish(d, hn::MulAdd(load(d, in + i), load(d, mul + i), load(d, add + i)), 1.0f), out + i);
        });
      else
        for_each(cols, [&](auto d, size_t i) HWY_ATTR {
          store(d, hn::MulAdd(load(d, in + i), load(d, mul + i), load(d, add + i)), out + i);
        });
    }
  });
}

void run_add_scaled(DType type, const void* a, const void* b, const float* gain, void* y, size_t rows, size_t cols) {
  with_type(type, [&](auto* t) {
    using T = std::remove_pointer_t<decltype(t)>;
    const T* ta = static_cast<const T*>(a);
    const T* tb = static_cast<const T*>(b);
    T* out = static_cast<T*>(y);
    for (size_t r = 0; r < rows; ++r, ta += cols, tb += cols, out += cols)
      for_each(cols, [&](auto d, size_t i) HWY_ATTR {
        store(d, hn::MulAdd(load(d, tb + i), load(d, gain + i), load(d, ta + i)), out + i);
      });
  });
}

}  // namespace daclip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace daclip {
HWY_EXPORT(run_unary);
HWY_EXPORT(run_binary);
HWY_EXPORT(run_convert);
HWY_EXPORT(run_shift);
HWY_EXPORT(run_shifted_gate);
HWY_EXPORT(run_weighted_sum);
HWY_EXPORT(run_simple_gate);
HWY_EXPORT(run_gelu_gate_first);
HWY_EXPORT(run_gelu_gate_second);
HWY_EXPORT(run_affine);
HWY_EXPORT(run_add_scaled);

namespace kernels {

void unary(Unary op, DType type, const void* x, void* y, size_t count, float factor) {
  HWY_DYNAMIC_DISPATCH(run_unary)(op, type, x, y, count, factor);
}

void binary(Binary op, DType type, const void* a, const void* b, void* y, size_t rows, size_t cols, size_t b_stride,
            bool b_scalar) {
  HWY_DYNAMIC_DISPATCH(run_binary)(op, type, a, b, y, rows, cols, b_stride, b_scalar);
}

void convert(DType from, const void* x, DType to, void* y, size_t count) {
  HWY_DYNAMIC_DISPATCH(run_convert)(from, x, to, y, count);
}

void shift(DType type, const void* x, float shift, void* y, size_t count) {
  HWY_DYNAMIC_DISPATCH(run_shift)(type, x, shift, y, count);
}

void shifted_gate(DType type, const void* u, const void* x, float shift, void* y, size_t count) {
  HWY_DYNAMIC_DISPATCH(run_shifted_gate)(type, u, x, shift, y, count);
}

void weighted_sum(DType from, const void* const* rows, const float* weights, size_t count, DType to, void* y,
                  size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_weighted_sum)(from, rows, weights, count, to, y, cols);
}

void simple_gate(DType type, const void* x, void* y, size_t rows, size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_simple_gate)(type, x, y, rows, cols);
}

void gelu_gate_first(DType type, const void* x, void* y, size_t rows, size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_gelu_gate_first)(type, x, y, rows, cols);
}

void gelu_gate_second(DType type, const void* x, void* y, size_t rows, size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_gelu_gate_second)(type, x, y, rows, cols);
}

void affine(DType type, const void* x, const float* mul, const float* add, bool silu, void* y, size_t rows,
            size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_affine)(type, x, mul, add, silu, y, rows, cols);
}

void add_scaled(DType type, const void* a, const void* b, const float* gain, void* y, size_t rows, size_t cols) {
  HWY_DYNAMIC_DISPATCH(run_add_scaled)(type, a, b, gain, y, rows, cols);
}

}  // namespace kernels
}  // namespace daclip
#endif
