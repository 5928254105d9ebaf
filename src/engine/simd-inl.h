// Helpers shared by the kernels of one instruction set: loads and stores of float32 and bfloat16, loops with
// remainders, erf.
#if defined(DACLIP_ENGINE_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DACLIP_ENGINE_SIMD_INL_H_
#undef DACLIP_ENGINE_SIMD_INL_H_
#else
#define DACLIP_ENGINE_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace daclip::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Bf16 = uint16_t;  // the upper half of a float32

template <class D>
HWY_INLINE hn::VFromD<D> load(D d, const float* p) {
  return hn::LoadU(d, p);
}

template <class D>
HWY_INLINE hn::VFromD<D> load(D d, const Bf16* p) {
  const hn::Rebind<uint32_t, D> d32;
  const hn::Rebind<uint16_t, D> d16;
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, hn::LoadU(d16, p))));
}

template <class D>
HWY_INLINE void store(D d, hn::VFromD<D> v, float* p) {
  hn::StoreU(v, d, p);
}

// Converts to bfloat16, rounding to nearest even.
template <class D>
HWY_INLINE void store(D, hn::VFromD<D> v, Bf16* p) {
  const hn::Rebind<uint32_t, D> d32;
  const hn::Rebind<int32_t, D> di32;
  const hn::Rebind<uint16_t, D> d16;
  const auto bits = hn::BitCast(d32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1u));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7fffu))));
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(di32, rounded)), d16, p);
}

// Calls body(d, i) for whole vectors, then for single elements.
template <class Body>
HWY_INLINE void for_each(size_t count, const Body& body) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) body(d, i);
  const hn::CappedTag<float, 1> one;
  for (; i < count; ++i) body(one, i);
}

// Rational approximation of erf on [-4, 4], as in Eigen and XLA; accurate to a few units in the last place.
template <class D>
HWY_INLINE hn::VFromD<D> erf(D d, hn::VFromD<D> value) {
  const auto x = hn::Clamp(value, hn::Set(d, -4.0f), hn::Set(d, 4.0f));
  const auto z = hn::Mul(x, x);
  auto p = hn::Set(d, -2.72614225801306e-10f);
  p = hn::MulAdd(p, z, hn::Set(d, 2.77068142495902e-08f));
  p = hn::MulAdd(p, z, hn::Set(d, -2.10102402082508e-06f));
  p = hn::MulAdd(p, z, hn::Set(d, -5.69250639462346e-05f));
  p = hn::MulAdd(p, z, hn::Set(d, -7.34990630326855e-04f));
  p = hn::MulAdd(p, z, hn::Set(d, -2.95459980854025e-03f));
  p = hn::MulAdd(p, z, hn::Set(d, -1.60960333262415e-02f));
  auto q = hn::Set(d, -1.45660718464996e-05f);
  q = hn::MulAdd(q, z, hn::Set(d, -2.13374055278905e-04f));
  q = hn::MulAdd(q, z, hn::Set(d, -1.68282697438203e-03f));
  q = hn::MulAdd(q, z, hn::Set(d, -7.37332916720468e-03f));
  q = hn::MulAdd(q, z, hn::Set(d, -1.42647390514189e-02f));
  return hn::Div(hn::Mul(x, p), q);
}

// Calls body with a null pointer whose type is the element type in memory.
template <class Body>
HWY_INLINE void with_type(DType type, const Body& body) {
  if (type == DType::f32)
    body(static_cast<float*>(nullptr));
  else
    body(static_cast<Bf16*>(nullptr));
}

}  // namespace daclip::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
