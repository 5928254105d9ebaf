// Euclidean length of embeddings.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace daclip {

// Clamped to at least 1e-12, as in PyTorch's normalize, so that dividing by it is safe.
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
