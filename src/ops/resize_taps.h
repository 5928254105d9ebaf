// The weights of Backend::resize_bilinear along one axis.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ops/backend.h"

namespace daclip {

struct ResizeTaps {
  int64_t first = 0;           // first sample of the input
  std::vector<float> weights;  // of it and the following ones; they sum to 1
};

// One element per sample of the output.
inline std::vector<ResizeTaps> resize_taps(int64_t from, int64_t to, Backend::Shrink shrink) {
  const double step = double(from) / double(to);
  const double reach = shrink == Backend::Shrink::antialiased ? std::max(1.0, step) : 1.0;
  std::vector<ResizeTaps> taps(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (double(i) + 0.5) * step - 0.5;
    ResizeTaps& tap = taps[size_t(i)];
    tap.first = std::max<int64_t>(0, int64_t(std::floor(centre - reach)) + 1);
    const int64_t last = std::min(from - 1, int64_t(std::ceil(centre + reach)) - 1);
    double sum = 0;
    for (int64_t j = tap.first; j <= last; ++j) sum += 1 - std::abs(double(j) - centre) / reach;
    for (int64_t j = tap.first; j <= last; ++j)
      tap.weights.push_back(float((1 - std::abs(double(j) - centre) / reach) / sum));
  }
  return taps;
}

}  // namespace daclip
