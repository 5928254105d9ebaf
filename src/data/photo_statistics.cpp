#include "data/photo_statistics.h"

#include "image/luma.h"

namespace daclip {
namespace {

double luma(const uint8_t* rgb) { return bt601_luma<double>(rgb[0], rgb[1], rgb[2]) / 255; }

}  // namespace

double mean_luma(const PackPhoto& photo) {
  double sum = 0, count = 0;
  for (size_t i = 0; i + 2 < photo.gt.size(); i += 3 * 41, ++count) sum += luma(&photo.gt[i]);
  return sum / count;
}

double mean_luma(const FloatImage& rgb) {
  double sum = 0, count = 0;
  for (size_t i = 0; i < rgb.pixels(); i += 41, ++count)
    sum += bt601_luma<double>(rgb.data[3 * i], rgb.data[3 * i + 1], rgb.data[3 * i + 2]);
  return sum / count;
}

double roughness(const PackPhoto& photo, const CropPlan& region) {
  double sum = 0, squares = 0, count = 0;
  for (int y = region.y; y < region.y + region.height; y += 5)
    for (int x = region.x; x < region.x + region.width; x += 5, ++count) {
      const double v = luma(&photo.gt[3 * (size_t(y) * size_t(photo.width) + size_t(x))]);
      sum += v;
      squares += v * v;
    }
  const double mean = sum / count + 0.02;
  return (squares / count - sum * sum / (count * count)) / (mean * mean);
}

}  // namespace daclip
