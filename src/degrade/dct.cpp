#include "degrade/dct.h"

#include "degrade/fields.h"

// The factorisation by Loeffler, Ligtenberg and Moschytz with libjpeg's 13-bit constants and rounding order. Each pass
// processes eight rows or columns at once, and the block is transposed between passes, so that the loops vectorise.
namespace daclip {
namespace {

constexpr int kConstBits = 13, kPass1Bits = 2;
constexpr int32_t k0_298 = 2446, k0_390 = 3196, k0_541 = 4433, k0_765 = 6270, k0_899 = 7373, k1_175 = 9633;
constexpr int32_t k1_501 = 12299, k1_847 = 15137, k1_961 = 16069, k2_053 = 16819, k2_562 = 20995, k3_072 = 25172;

template <int Shift>
inline int32_t descale(int32_t x) {
  return (x + (1 << (Shift - 1))) >> Shift;
}

inline void transpose(const int32_t* in, int32_t* out) {
  for (int i = 0; i < 8; ++i)
    for (int j = 0; j < 8; ++j) out[8 * j + i] = in[8 * i + j];
}

// Transforms in place along the first index of d[8][8].
template <bool First>
inline void forward_pass(int32_t* d) {
  constexpr int kShift = First ? kConstBits - kPass1Bits : kConstBits + kPass1Bits;
  for (int i = 0; i < 8; ++i) {
    const int32_t s0 = d[i] + d[56 + i], t7 = d[i] - d[56 + i];
    const int32_t s1 = d[8 + i] + d[48 + i], t6 = d[8 + i] - d[48 + i];
    const int32_t s2 = d[16 + i] + d[40 + i], t5 = d[16 + i] - d[40 + i];
    const int32_t s3 = d[24 + i] + d[32 + i], t4 = d[24 + i] - d[32 + i];
    const int32_t e0 = s0 + s3, e3 = s0 - s3, e1 = s1 + s2, e2 = s1 - s2;
    if constexpr (First) {
      d[i] = (e0 + e1) * (1 << kPass1Bits);
      d[32 + i] = (e0 - e1) * (1 << kPass1Bits);
    } else {
      d[i] = descale<kPass1Bits>(e0 + e1);
      d[32 + i] = descale<kPass1Bits>(e0 - e1);
    }
    const int32_t even = (e2 + e3) * k0_541;
    d[16 + i] = descale<kShift>(even + e3 * k0_765);
    d[48 + i] = descale<kShift>(even - e2 * k1_847);

    const int32_t odd = (t4 + t6 + t5 + t7) * k1_175;
    const int32_t z1 = -(t4 + t7) * k0_899, z2 = -(t5 + t6) * k2_562;
    const int32_t z3 = odd - (t4 + t6) * k1_961, z4 = odd - (t5 + t7) * k0_390;
    d[56 + i] = descale<kShift>(t4 * k0_298 + z1 + z3);
    d[40 + i] = descale<kShift>(t5 * k2_053 + z2 + z4);
    d[24 + i] = descale<kShift>(t6 * k3_072 + z2 + z3);
    d[8 + i] = descale<kShift>(t7 * k1_501 + z1 + z4);
  }
}

template <bool First>
inline void inverse_pass(int32_t* d) {
  constexpr int kShift = First ? kConstBits - kPass1Bits : kConstBits + kPass1Bits + 3;
  for (int i = 0; i < 8; ++i) {
    const int32_t even = (d[16 + i] + d[48 + i]) * k0_541;
    const int32_t e2 = even - d[48 + i] * k1_847, e3 = even + d[16 + i] * k0_765;
    const int32_t e0 = (d[i] + d[32 + i]) * (1 << kConstBits), e1 = (d[i] - d[32 + i]) * (1 << kConstBits);
    const int32_t a0 = e0 + e3, a3 = e0 - e3, a1 = e1 + e2, a2 = e1 - e2;

    const int32_t t0 = d[56 + i], t1 = d[40 + i], t2 = d[24 + i], t3 = d[8 + i];
    const int32_t odd = (t0 + t2 + t1 + t3) * k1_175;
    const int32_t z1 = -(t0 + t3) * k0_899, z2 = -(t1 + t2) * k2_562;
    const int32_t z3 = odd - (t0 + t2) * k1_961, z4 = odd - (t1 + t3) * k0_390;
    const int32_t b0 = t0 * k0_298 + z1 + z3, b1 = t1 * k2_053 + z2 + z4;
    const int32_t b2 = t2 * k3_072 + z2 + z3, b3 = t3 * k1_501 + z1 + z4;
    d[i] = descale<kShift>(a0 + b3);
    d[56 + i] = descale<kShift>(a0 - b3);
    d[8 + i] = descale<kShift>(a1 + b2);
    d[48 + i] = descale<kShift>(a1 - b2);
    d[16 + i] = descale<kShift>(a2 + b1);
    d[40 + i] = descale<kShift>(a2 - b1);
    d[24 + i] = descale<kShift>(a3 + b0);
    d[32 + i] = descale<kShift>(a3 - b0);
  }
}

}  // namespace

DACLIP_HOT void forward_dct(const int32_t* samples, int32_t* coefficients) {
  int32_t work[64];
  transpose(samples, work);
  forward_pass<true>(work);  // rows
  transpose(work, coefficients);
  forward_pass<false>(coefficients);  // columns
}

DACLIP_HOT void inverse_dct(const int32_t* coefficients, int32_t* samples) {
  int32_t columns[64], work[64];
  for (int i = 0; i < 64; ++i) columns[i] = coefficients[i];
  inverse_pass<true>(columns);
  transpose(columns, work);
  inverse_pass<false>(work);  // rows
  transpose(work, columns);
  for (int i = 0; i < 64; ++i) {
    const int32_t v = columns[i] + 128;
    samples[i] = v < 0 ? 0 : (v > 255 ? 255 : v);
  }
}

DACLIP_HOT void requantise(int32_t* coefficients, const int32_t* table) {
  for (int i = 0; i < 64; ++i) {
    const int32_t step = table[i] * 8, v = coefficients[i];
    const int32_t magnitude = (v < 0 ? -v : v) + step / 2;
    // Exact: both integers are below 2^24, and the quotient is corrected afterwards.
    int32_t level = int32_t(float(magnitude) / float(step));
    level -= level * step > magnitude;
    level += (level + 1) * step <= magnitude;
    coefficients[i] = (v < 0 ? -level : level) * table[i];
  }
}

}  // namespace daclip
