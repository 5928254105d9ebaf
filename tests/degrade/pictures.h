// Pictures for tests of the degradations.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/random.h"
#include "image/float_image.h"

namespace daclip {

// Three colour ramps, crossed by a bright and a dark bar.
inline FloatImage ramps(int width, int height) {
  FloatImage image(width, height, 3);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const float u = (float(x) + 0.5f) / float(width), v = (float(y) + 0.5f) / float(height);
      image.at(x, y, 0) = u;
      image.at(x, y, 1) = 0.2f + 0.6f * v;
      image.at(x, y, 2) = 0.5f * (1 - u) + 0.5f * v;
      if (x * 4 / width == 1 && y % 16 < 6)
        for (int c = 0; c < 3; ++c) image.at(x, y, c) = y % 32 < 16 ? 0.95f : 0.05f;
    }
  return image;
}

// White noise in 8-bit levels.
inline FloatImage speckle(int width, int height, uint64_t seed) {
  FloatImage image(width, height, 3);
  Random random(seed);
  for (float& v : image.data) v = float(random.below(256)) / 255.f;
  return image;
}

inline double psnr(const FloatImage& a, const FloatImage& b) {
  double sum = 0;
  for (size_t i = 0; i < a.data.size(); ++i) sum += std::pow(double(a.data[i]) - double(b.data[i]), 2);
  return -10 * std::log10(sum / double(a.data.size()) + 1e-20);
}

inline float largest_difference(const FloatImage& a, const FloatImage& b) {
  float largest = 0;
  for (size_t i = 0; i < a.data.size(); ++i) largest = std::max(largest, std::abs(a.data[i] - b.data[i]));
  return largest;
}

}  // namespace daclip
