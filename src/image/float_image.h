// The working form of a picture: interleaved float samples, nominally in [0,1]. Header only; needs no codec.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace daclip {

struct FloatImage {
  int width = 0, height = 0, channels = 0;
  std::vector<float> data;  // (height, width, channels), RGB where channels is 3

  FloatImage() = default;
  FloatImage(int columns, int rows, int samples_per_pixel, float value = 0.f)
      : width(columns), height(rows), channels(samples_per_pixel),
        data(size_t(columns) * size_t(rows) * size_t(samples_per_pixel), value) {}

  float* row(int y) { return data.data() + size_t(y) * size_t(width) * size_t(channels); }
  const float* row(int y) const { return data.data() + size_t(y) * size_t(width) * size_t(channels); }
  float& at(int x, int y, int c) { return row(y)[size_t(x) * size_t(channels) + size_t(c)]; }
  float at(int x, int y, int c) const { return row(y)[size_t(x) * size_t(channels) + size_t(c)]; }
  size_t pixels() const { return size_t(width) * size_t(height); }
  bool empty() const { return data.empty(); }
  bool same_size(const FloatImage& other) const {
    return width == other.width && height == other.height && channels == other.channels;
  }
  void clamp() {
    for (float& v : data) v = std::clamp(v, 0.f, 1.f);
  }
};

}  // namespace daclip
