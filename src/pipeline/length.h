// Euclidean length of embeddings.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace daclip {

// At least 1e-12, so that it may be divided by, as PyTorch's normalize does.
inline double length_of(std::span<const float> embedding) {
  double sum = 0;
  for (const float v : embedding) sum += double(v) * v;
  return std::max(std::sqrt(sum), 1e-12);
}

// The same direction with length 1.
inline std::vector<float> unit_length(std::vector<float> embedding) {
  const double length = length_of(embedding);
  for (float& v : embedding) v = float(v / length);
  return embedding;
}

}  // namespace daclip
