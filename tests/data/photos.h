// Small generated photos for tests.
#pragma once

#include <cmath>

#include "core/random.h"
#include "data/pack.h"

namespace daclip {

// Waves with a little noise: smooth like photos, different for each seed.
inline std::vector<uint8_t> made_pixels(int width, int height, uint64_t seed) {
  Random random(seed);
  const double fx = random.uniform(0.02, 0.2), fy = random.uniform(0.02, 0.2);
  std::vector<uint8_t> pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        pixels.push_back(uint8_t(128 + 90 * std::sin(fx * x + fy * y + c) + random.uniform(-8, 8)));
  return pixels;
}

inline PackPhoto made_photo(const std::string& name, int width, int height, uint64_t seed) {
  PackPhoto photo;
  photo.name = name;
  photo.width = width;
  photo.height = height;
  photo.gt = made_pixels(width, height, seed);
  return photo;
}

}  // namespace daclip
