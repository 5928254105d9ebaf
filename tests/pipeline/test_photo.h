// A deterministic picture with smooth areas, edges and texture.
#pragma once

#include <cmath>

#include "core/random.h"
#include "image/image.h"

namespace daclip::test {

inline FloatImage test_scene(int width, int height, uint64_t seed = 1) {
  FloatImage image(width, height, 3);
  Random random(seed);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const double wave = 0.5 + 0.3 * std::sin(x * 0.05) * std::cos(y * 0.07);
      const double edge = (x / 24 + y / 24) % 2 ? 0.1 : -0.1;
      for (int c = 0; c < 3; ++c) image.at(x, y, c) = float(wave + edge * (c + 1) / 3 + 0.02 * random.normal());
    }
  image.clamp();
  return image;
}

inline Image test_photo(int width, int height, uint64_t seed = 1) { return from_rgb(test_scene(width, height, seed)); }

// The same scene with the given channels and bit depth; alpha is a ramp.
inline Image test_photo_as(int width, int height, int channels, int bits) {
  const FloatImage scene = test_scene(width, height);
  Image image;
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.bits = bits;
  image.data.resize(image.samples() * size_t(bits / 8));
  const double top = bits == 16 ? 65535 : 255;
  const int colours = image.colour_channels();
  for (size_t i = 0; i < scene.pixels(); ++i)
    for (int c = 0; c < channels; ++c) {
      const double value = c < colours ? double(scene.data[i * 3 + size_t(c)]) : double(i % 97) / 96;
      const size_t at = i * size_t(channels) + size_t(c);
      if (bits == 16)
        image.data16()[at] = uint16_t(value * top);
      else
        image.data[at] = uint8_t(value * top);
    }
  return image;
}

// bits: 8 or 16.
inline Image as_photo(const FloatImage& rgb, int bits) {
  Image like;
  like.width = rgb.width;
  like.height = rgb.height;
  like.channels = 3;
  like.bits = bits;
  like.data.resize(like.samples() * size_t(bits / 8));
  return from_rgb(rgb, like);
}

inline double psnr(const FloatImage& a, const FloatImage& b) {
  double sum = 0;
  for (size_t i = 0; i < a.data.size(); ++i) sum += (double(a.data[i]) - b.data[i]) * (double(a.data[i]) - b.data[i]);
  return sum > 0 ? -10 * std::log10(sum / double(a.data.size())) : 200;
}

}  // namespace daclip::test
