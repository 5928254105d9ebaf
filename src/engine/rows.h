// Addresses and splitting of row-major activations, shared by the native backend's files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/kernels.h"

namespace daclip {

// Least number of values per thread: below, starting a thread costs more than it saves.
inline constexpr int64_t kGrain = 16384;

// Rows of `cols` values that make up one grain of parallel_for, at least 1.
inline int64_t grain_rows(int64_t cols) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, cols)); }

// Address of element `index` of an array of `type`.
inline std::byte* at(void* data, DType type, int64_t index) {
  return static_cast<std::byte*>(data) + size_t(index) * kernels::element_size(type);
}

}  // namespace daclip
