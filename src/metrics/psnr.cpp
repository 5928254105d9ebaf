#include "metrics/psnr.h"

#include <cmath>

#include "metrics/planes.h"

namespace daclip {
namespace {

// The sums of each channel stay apart, so that strips change nothing but the last digit.
template <class Picture>
double psnr_of(const Picture& a, const Picture& b, int crop_border, ToPlanes* to_planes) {
  std::array<double, 3> sums{};
  double count = 0;
  for_planes(a, b, crop_border, to_planes, [&](const std::vector<Plane>& of_a, const std::vector<Plane>& of_b) {
    for (size_t c = 0; c < of_a.size(); ++c) {
      for (int y = 0; y < of_a[c].height; ++y) {
        double row = 0;
        for (int x = 0; x < of_a[c].width; ++x) {
          const double difference = of_a[c].at(x, y) - of_b[c].at(x, y);
          row += difference * difference;
        }
        sums[c] += row;
      }
      count += double(of_a[c].values.size());
    }
  });
  return 20 * std::log10(255 / std::sqrt((sums[0] + sums[1] + sums[2]) / count));
}

}  // namespace

double psnr(const FloatImage& a, const FloatImage& b, int crop_border) {
  return psnr_of(a, b, crop_border, rgb_planes);
}
double psnr_y(const FloatImage& a, const FloatImage& b, int crop_border) {
  return psnr_of(a, b, crop_border, luma_planes);
}
double psnr(const Image& a, const Image& b, int crop_border) { return psnr_of(a, b, crop_border, rgb_planes); }
double psnr_y(const Image& a, const Image& b, int crop_border) { return psnr_of(a, b, crop_border, luma_planes); }

}  // namespace daclip
