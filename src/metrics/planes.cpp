#include "metrics/planes.h"

#include "core/error.h"

namespace daclip {
namespace {

// Rounds to 8-bit levels. NaN becomes 0.
double level(float value) { return value > 0 ? double(int(std::min(value, 1.f) * 255.f + 0.5f)) : 0; }

template <class ToValue>
Plane make_plane(const FloatImage& image, int border, ToValue to_value) {
  if (image.channels != 3) throw ShapeError(cat("metrics: an image of ", image.channels, " channels, expected RGB"));
  if (border < 0 || image.width <= 2 * border || image.height <= 2 * border)
    throw ShapeError(cat("metrics: nothing remains of ", image.width, "x", image.height, " pixels after cropping ",
                         " at each border"));
  Plane plane{image.width - 2 * border, image.height - 2 * border, {}};
  plane.values.reserve(size_t(plane.width) * size_t(plane.height));
  for (int y = 0; y < plane.height; ++y) {
    const float* pixel = image.row(y + border) + size_t(border) * 3;
    for (int x = 0; x < plane.width; ++x, pixel += 3) plane.values.push_back(to_value(pixel));
  }
  return plane;
}

}  // namespace

std::vector<Plane> rgb_planes(const FloatImage& image, int crop_border) {
  std::vector<Plane> planes;
  for (int c = 0; c < 3; ++c)
    planes.push_back(make_plane(image, crop_border, [c](const float* pixel) { return level(pixel[c]); }));
  return planes;
}

std::vector<Plane> luma_planes(const FloatImage& image, int crop_border) {
  return {make_plane(image, crop_border, [](const float* pixel) {
    return (65.481 * level(pixel[0]) + 128.553 * level(pixel[1]) + 24.966 * level(pixel[2])) / 255.0 + 16.0;
  })};
}

void check_pair(const FloatImage& a, const FloatImage& b, const char* metric) {
  if (!a.same_size(b))
    throw ShapeError(cat(metric, ": images of ", a.width, "x", a.height, "x", a.channels, " and ", b.width, "x",
                         b.height, "x", b.channels, ", expected equal sizes"));
}

}  // namespace daclip
