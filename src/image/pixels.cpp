#include "image/pixels.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace daclip {
namespace {

template <class Sample>
constexpr float kTop = float(Sample(~Sample(0)));

void check_inside(const Image& image, int left, int top, int width, int height, const char* where) {
  if (left < 0 || top < 0 || width < 1 || height < 1 || left > image.width - width || top > image.height - height)
    throw ShapeError(cat(where, ": rectangle ", width, "x", height, " at (", left, ", ", top, ") lies outside ",
                         image.width, "x", image.height));
}

size_t offset(const Image& image, int x, int y) {
  return (size_t(y) * size_t(image.width) + size_t(x)) * size_t(image.channels);
}

template <class Sample>
void read(const Image& image, const Sample* samples, int left, int top, FloatImage& rgb) {
  const int step = image.channels, green = image.channels >= 3 ? 1 : 0, blue = 2 * green;
  for (int y = 0; y < rgb.height; ++y) {
    const Sample* from = samples + offset(image, left, top + y);
    float* to = rgb.row(y);
    for (int x = 0; x < rgb.width; ++x, from += step, to += 3) {
      to[0] = float(from[0]) / kTop<Sample>;
      to[1] = float(from[green]) / kTop<Sample>;
      to[2] = float(from[blue]) / kTop<Sample>;
    }
  }
}

// NaN becomes 0.
template <class Sample>
Sample quantised(float value) {
  return value > 0 ? Sample(std::min(value, 1.f) * kTop<Sample> + 0.5f) : Sample(0);
}

template <class Sample>
void write(Image& image, Sample* samples, int left, int top, const FloatImage& rgb) {
  const int step = image.channels;
  const bool colour = image.colour_channels() == 3;
  for (int y = 0; y < rgb.height; ++y) {
    const float* from = rgb.row(y);
    Sample* to = samples + offset(image, left, top + y);
    for (int x = 0; x < rgb.width; ++x, from += 3, to += step) {
      if (colour)
        for (int c = 0; c < 3; ++c) to[c] = quantised<Sample>(from[c]);
      else
        to[0] = quantised<Sample>((from[0] + from[1] + from[2]) / 3.f);
    }
  }
}

}  // namespace

FloatImage rgb_region(const Image& image, int left, int top, int width, int height) {
  check_inside(image, left, top, width, height, "rgb_region");
  FloatImage rgb(width, height, 3);
  if (image.bits == 16)
    read(image, image.data16(), left, top, rgb);
  else
    read(image, image.data.data(), left, top, rgb);
  return rgb;
}

void store_region(Image& image, int left, int top, const FloatImage& rgb) {
  check_inside(image, left, top, rgb.width, rgb.height, "store_region");
  if (image.bits == 16)
    write(image, image.data16(), left, top, rgb);
  else
    write(image, image.data.data(), left, top, rgb);
}

int reflected(int i, int n) {
  if (n == 1) return 0;
  const int period = 2 * (n - 1);
  i %= period;
  return i < n ? i : period - i;
}

FloatImage continued(const FloatImage& picture, int width, int height) {
  if (width == picture.width && height == picture.height) return picture;
  FloatImage result(width, height, picture.channels);
  for (int y = 0; y < height; ++y) {
    const float* from = picture.row(reflected(y, picture.height));
    float* to = result.row(y);
    for (int x = 0; x < width; ++x, to += picture.channels)
      std::copy_n(from + reflected(x, picture.width) * picture.channels, picture.channels, to);
  }
  return result;
}

FloatImage box_reduced(const Image& image, int factor) {
  FloatImage result((image.width + factor - 1) / factor, (image.height + factor - 1) / factor, 3);
  for (int y = 0; y < result.height; ++y) {
    const int rows = std::min(factor, image.height - y * factor);
    const FloatImage strip = rgb_region(image, 0, y * factor, image.width, rows);
    float* to = result.row(y);
    for (int x = 0; x < image.width; ++x)
      for (int r = 0; r < rows; ++r)
        for (int c = 0; c < 3; ++c) to[x / factor * 3 + c] += strip.at(x, r, c);
    for (int x = 0; x < result.width; ++x) {
      const float count = float(rows * std::min(factor, image.width - x * factor));
      for (int c = 0; c < 3; ++c) to[x * 3 + c] /= count;
    }
  }
  return result;
}

FloatImage overview(const Image& image, int side) {
  constexpr double kHeldWhole = 4e6;  // pixels
  const auto pixels = double(image.pixels());
  if (pixels <= kHeldWhole) return rgb_region(image, 0, 0, image.width, image.height);
  const int factor = std::min(int(std::ceil(std::sqrt(pixels / kHeldWhole))),
                              std::max(1, std::min(image.width, image.height) / (2 * side)));
  return box_reduced(image, factor);
}

}  // namespace daclip
