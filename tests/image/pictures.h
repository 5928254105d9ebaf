// Pictures that the tests make themselves, and ways to compare them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "image/image.h"

namespace daclip {

// Smooth as a photo, with other values in every channel and no symmetry; alpha varies where there is one.
inline Image make_picture(int width, int height, int channels, int bits = 8) {
  Image image;
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.bits = bits;
  image.data.resize(image.samples() * size_t(bits / 8));
  size_t i = 0;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c, ++i) {
        const double wave = std::sin(0.11 * x + 0.7 * c) * 0.3 + std::cos(0.07 * y - 0.4 * c) * 0.15 + 0.002 * x;
        const double value = std::clamp(0.5 + wave, 0.0, 1.0);
        if (bits == 16)
          image.data16()[i] = uint16_t(std::lround(value * 65535));
        else
          image.data[i] = uint8_t(std::lround(value * 255));
      }
  return image;
}

inline int sample(const Image& image, int x, int y, int c) {
  const size_t i = (size_t(y) * size_t(image.width) + size_t(x)) * size_t(image.channels) + size_t(c);
  return image.bits == 16 ? image.data16()[i] : image.data[i];
}

// The largest difference of a sample; -1 where size, channels or depth differ.
inline int max_difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height || a.channels != b.channels || a.bits != b.bits) return -1;
  int largest = 0;
  for (int y = 0; y < a.height; ++y)
    for (int x = 0; x < a.width; ++x)
      for (int c = 0; c < a.channels; ++c)
        largest = std::max(largest, std::abs(sample(a, x, y, c) - sample(b, x, y, c)));
  return largest;
}

// An EXIF block of the byte order given: Make "daclip", orientation as given, and an exposure time of 1/250 s.
inline std::vector<uint8_t> make_exif(int orientation, bool big_endian = false) {
  std::vector<uint8_t> block;
  const auto put = [&](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) block.push_back(uint8_t(value >> (8 * (big_endian ? bytes - 1 - i : i))));
  };
  const auto entry = [&](uint32_t tag, uint32_t type, uint32_t count, uint32_t value) {
    put(tag, 2);
    put(type, 2);
    put(count, 4);
    if (type == 3) {
      put(value, 2);
      put(0, 2);
    } else {
      put(value, 4);
    }
  };
  block.assign(2, big_endian ? 'M' : 'I');
  put(42, 2);
  put(8, 4);
  put(3, 2);
  entry(0x010f, 2, 7, 50);  // Make, at 50
  entry(0x0112, 3, 1, uint32_t(orientation));
  entry(0x8769, 4, 1, 58);  // the EXIF directory, at 58
  put(0, 4);
  for (const char c : {'d', 'a', 'c', 'l', 'i', 'p', '\0', '\0'}) block.push_back(uint8_t(c));
  put(1, 2);
  entry(0x829a, 5, 1, 76);  // ExposureTime, at 76
  put(0, 4);
  put(1, 4);
  put(250, 4);
  return block;
}

}  // namespace daclip
