#include "metrics/psnr.h"

#include <cmath>

#include "metrics/planes.h"

namespace daclip {
namespace {

double psnr_of(const std::vector<Plane>& a, const std::vector<Plane>& b) {
  double sum = 0, count = 0;
  for (size_t c = 0; c < a.size(); ++c) {
    for (int y = 0; y < a[c].height; ++y) {
      double row = 0;
      for (int x = 0; x < a[c].width; ++x) {
        const double difference = a[c].at(x, y) - b[c].at(x, y);
        row += difference * difference;
      }
      sum += row;
    }
    count += double(a[c].values.size());
  }
  return 20 * std::log10(255 / std::sqrt(sum / count));
}

}  // namespace

double psnr(const FloatImage& a, const FloatImage& b, int crop_border) {
  check_pair(a, b, "psnr");
  return psnr_of(rgb_planes(a, crop_border), rgb_planes(b, crop_border));
}

double psnr_y(const FloatImage& a, const FloatImage& b, int crop_border) {
  check_pair(a, b, "psnr_y");
  return psnr_of(luma_planes(a, crop_border), luma_planes(b, crop_border));
}

}  // namespace daclip
