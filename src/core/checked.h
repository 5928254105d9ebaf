// Arithmetic on sizes read from untrusted bytes: overflow throws instead of wrapping.
#pragma once

#include <cstdint>
#include <span>

#include "core/error.h"

namespace daclip {

inline uint64_t checked_mul(uint64_t a, uint64_t b, const char* what) {
  uint64_t result;
  if (__builtin_mul_overflow(a, b, &result)) throw LimitError(cat(what, ": ", a, " * ", b, " overflows"));
  return result;
}

inline uint64_t checked_add(uint64_t a, uint64_t b, const char* what) {
  uint64_t result;
  if (__builtin_add_overflow(a, b, &result)) throw LimitError(cat(what, ": ", a, " + ", b, " overflows"));
  return result;
}

// Number of elements of a shape read from a file. Throws FormatError for a negative dimension, LimitError on overflow.
inline uint64_t checked_numel(std::span<const int64_t> shape, const char* what) {
  uint64_t n = 1;
  for (int64_t d : shape) {
    if (d < 0) throw FormatError(cat(what, ": negative dimension ", d));
    n = checked_mul(n, uint64_t(d), what);
  }
  return n;
}

}  // namespace daclip
