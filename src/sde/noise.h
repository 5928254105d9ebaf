// The random numbers of sampling: standard normal values that depend only on the seed, the draw and a pixel's position.
// Every tile of a picture therefore sees the same noise, in whatever order tiles are processed.
#pragma once

#include <cstdint>
#include <span>

namespace daclip {

// A rectangle of a picture, in pixels.
struct Region {
  int left = 0, top = 0, width = 0, height = 0;
};

class NoiseField {
 public:
  explicit NoiseField(uint64_t seed) : seed_(seed) {}

  // Writes the region's values (height, width, channels). Draw 0 is the start of sampling, draw k belongs to step k.
  void fill(int draw, const Region& region, int channels, std::span<double> values) const;

 private:
  uint64_t seed_;
};

}  // namespace daclip
