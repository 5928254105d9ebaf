// A picture as files hold it: 8 or 16 bit samples, 1-4 channels, with its colour profile and EXIF block.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "image/float_image.h"

namespace daclip {

struct Image {
  int width = 0, height = 0;
  int channels = 0;           // 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; alpha is straight, not premultiplied
  int bits = 8;               // 8 or 16
  std::vector<uint8_t> data;  // (height, width, channels) samples; 16-bit ones in the machine's byte order
  std::vector<uint8_t> icc;   // embedded colour profile, empty when there is none
  std::vector<uint8_t> exif;  // TIFF-structured EXIF block without the "Exif\0\0" prefix, empty when none

  int colour_channels() const { return channels >= 3 ? 3 : 1; }
  bool has_alpha() const { return channels == 2 || channels == 4; }
  size_t pixels() const { return size_t(width) * size_t(height); }
  size_t samples() const { return size_t(width) * size_t(height) * size_t(channels); }
  const uint16_t* data16() const { return reinterpret_cast<const uint16_t*>(data.data()); }
  uint16_t* data16() { return reinterpret_cast<uint16_t*>(data.data()); }
};

// Throws ShapeError where the fields contradict each other; `where` names the caller.
void validate(const Image& image, std::string_view where);

// RGB in [0,1] without alpha; grey is repeated in the three channels.
FloatImage to_rgb(const Image& image);

// `rgb` (same size) in the form of `like`: its bit depth, grey or colour, alpha, profile and EXIF. Values are clamped
// to [0,1] and rounded to nearest. Throws ShapeError where the sizes differ.
Image from_rgb(const FloatImage& rgb, const Image& like);

// An 8-bit RGB image without metadata.
Image from_rgb(const FloatImage& rgb);

}  // namespace daclip
