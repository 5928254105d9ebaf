// The random numbers of sampling: standard normal values that belong to the pixels of a picture, so that every tile of
// it sees the same ones, in whatever order tiles are asked for.
#pragma once

#include <cstdint>
#include <span>

namespace daclip {

// A rectangle of a picture.
struct Region {
  int left = 0, top = 0, width = 0, height = 0;
};

class NoiseField {
 public:
  explicit NoiseField(uint64_t seed) : seed_(seed) {}

  // values (height, width, channels) of the region. Draw 0 is the start of sampling, draw k its k-th step.
  void fill(int draw, const Region& region, int channels, std::span<double> values) const;

 private:
  uint64_t seed_;
};

}  // namespace daclip
