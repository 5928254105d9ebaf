#include "metrics/planes.h"

#include <algorithm>

#include "core/error.h"
#include "image/pixels.h"

namespace daclip {
namespace {

// Rounds to 8-bit levels. NaN becomes 0.
double level(float value) { return value > 0 ? double(int(std::min(value, 1.f) * 255.f + 0.5f)) : 0; }

[[noreturn]] void fail_cropping(int width, int height, int border) {
  throw ShapeError(
      cat("metrics: nothing remains of ", width, "x", height, " pixels after cropping ", border, " at each border"));
}

void check_sizes(const FloatImage& a, const FloatImage& b) {
  if (!a.same_size(b))
    throw ShapeError(cat("metrics: images of ", a.width, "x", a.height, "x", a.channels, " and ", b.width, "x",
                         b.height, "x", b.channels, ", expected equal sizes"));
}

template <class ToValue>
Plane make_plane(const FloatImage& image, int border, ToValue to_value) {
  if (image.channels != 3) throw ShapeError(cat("metrics: an image of ", image.channels, " channels, expected RGB"));
  if (border < 0 || image.width <= 2 * border || image.height <= 2 * border)
    fail_cropping(image.width, image.height, border);
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

void for_planes(const FloatImage& a, const FloatImage& b, int crop_border, ToPlanes* to_planes, const AddPlanes& add) {
  check_sizes(a, b);
  add(to_planes(a, crop_border), to_planes(b, crop_border));
}

void for_planes(const Image& a, const Image& b, int crop_border, ToPlanes* to_planes, const AddPlanes& add) {
  constexpr int kStripPixels = 1 << 20;
  validate(a, "metrics");
  validate(b, "metrics");
  if (a.width != b.width || a.height != b.height)
    throw ShapeError(
        cat("metrics: images of ", a.width, "x", a.height, " and ", b.width, "x", b.height, ", expected equal sizes"));
  const int width = a.width - 2 * crop_border, bottom = a.height - crop_border;
  if (crop_border < 0 || width <= 0 || bottom <= crop_border) fail_cropping(a.width, a.height, crop_border);
  const int rows = std::max(1, kStripPixels / width);
  for (int y = crop_border; y < bottom; y += rows) {
    const int count = std::min(rows, bottom - y);
    const auto planes = [&](const Image& image) {
      return to_planes(rgb_region(image, crop_border, y, width, count), 0);
    };
    add(planes(a), planes(b));
  }
}

}  // namespace daclip
