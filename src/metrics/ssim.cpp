#include "metrics/ssim.h"

#include <cmath>

#include "core/error.h"
#include "metrics/planes.h"

namespace daclip {
namespace {

constexpr double kSigma = 1.5;
constexpr double kC1 = (0.01 * 255) * (0.01 * 255);
constexpr double kC2 = (0.03 * 255) * (0.03 * 255);
constexpr int kMoments = 5;  // a, b, a*a, b*b, a*b

std::array<double, kSsimWindow> gaussian() {
  std::array<double, kSsimWindow> window;
  double sum = 0;
  for (int i = 0; i < kSsimWindow; ++i) {
    const double x = i - kSsimWindow / 2;
    sum += window[size_t(i)] = std::exp(-x * x / (2 * kSigma * kSigma));
  }
  for (double& w : window) w /= sum;
  return window;
}

// The window is separable: rows are filtered horizontally, and the last eleven of them are kept for the vertical
// filter.
class Moments {
 public:
  explicit Moments(int width) : width_(width), valid_(width - kSsimWindow + 1) {
    for (auto& row : products_) row.resize(size_t(width));
    for (auto& row : filtered_) row.resize(size_t(valid_));
    for (auto& row : recent_) row.resize(size_t(valid_) * kMoments);
  }

  void add_row(int y, const double* a, const double* b) {
    for (size_t x = 0; x < size_t(width_); ++x) {
      products_[0][x] = a[x];
      products_[1][x] = b[x];
      products_[2][x] = a[x] * a[x];
      products_[3][x] = b[x] * b[x];
      products_[4][x] = a[x] * b[x];
    }
    for (size_t m = 0; m < kMoments; ++m) {
      double* to = recent_[size_t(y % kSsimWindow)].data() + m * size_t(valid_);
      std::fill_n(to, valid_, 0.0);
      for (size_t i = 0; i < kSsimWindow; ++i)
        for (size_t x = 0; x < size_t(valid_); ++x) to[x] += window_[i] * products_[m][x + i];
    }
  }

  // Sum of the similarity over the windows whose last row is y.
  double similarity(int y) {
    for (size_t m = 0; m < kMoments; ++m) {
      std::fill(filtered_[m].begin(), filtered_[m].end(), 0.0);
      for (int i = 0; i < kSsimWindow; ++i) {
        const double* from = recent_[size_t((y + 1 + i) % kSsimWindow)].data() + m * size_t(valid_);
        for (size_t x = 0; x < size_t(valid_); ++x) filtered_[m][x] += window_[size_t(i)] * from[x];
      }
    }
    double sum = 0;
    for (size_t x = 0; x < size_t(valid_); ++x) {
      const double a = filtered_[0][x], b = filtered_[1][x];
      const double variance_a = filtered_[2][x] - a * a, variance_b = filtered_[3][x] - b * b;
      const double covariance = filtered_[4][x] - a * b;
      sum += (2 * a * b + kC1) * (2 * covariance + kC2) / ((a * a + b * b + kC1) * (variance_a + variance_b + kC2));
    }
    return sum;
  }

 private:
  int width_, valid_;
  std::array<double, kSsimWindow> window_ = gaussian();
  std::array<std::vector<double>, kMoments> products_, filtered_;
  std::array<std::vector<double>, kSsimWindow> recent_;
};

double ssim_of(const std::vector<Plane>& a, const std::vector<Plane>& b) {
  double sum = 0;
  for (size_t c = 0; c < a.size(); ++c) {
    const int width = a[c].width, height = a[c].height;
    if (width < kSsimWindow || height < kSsimWindow)
      throw ShapeError(cat("ssim: ", width, "x", height, " pixels, expected at least 11x11"));
    Moments moments(width);
    double plane = 0;
    for (int y = 0; y < height; ++y) {
      moments.add_row(y, a[c].row(y), b[c].row(y));
      if (y >= kSsimWindow - 1) plane += moments.similarity(y);
    }
    sum += plane / (double(width - kSsimWindow + 1) * double(height - kSsimWindow + 1));
  }
  return sum / double(a.size());
}

}  // namespace

double ssim(const FloatImage& a, const FloatImage& b, int crop_border) {
  check_pair(a, b, "ssim");
  return ssim_of(rgb_planes(a, crop_border), rgb_planes(b, crop_border));
}

double ssim_y(const FloatImage& a, const FloatImage& b, int crop_border) {
  check_pair(a, b, "ssim_y");
  return ssim_of(luma_planes(a, crop_border), luma_planes(b, crop_border));
}

}  // namespace daclip
