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

template <class Picture>
double ssim_of(const Picture& a, const Picture& b, int crop_border, ToPlanes* to_planes) {
  const int width = a.width - 2 * crop_border, height = a.height - 2 * crop_border;
  std::vector<Moments> channels;
  std::array<double, 3> sums{};
  int done = 0;  // rows
  for_planes(a, b, crop_border, to_planes, [&](const std::vector<Plane>& of_a, const std::vector<Plane>& of_b) {
    if (width < kSsimWindow || height < kSsimWindow)
      throw ShapeError(cat("ssim: ", width, "x", height, " pixels, expected at least 11x11"));
    channels.resize(of_a.size(), Moments(width));
    const int rows = of_a[0].height;
    for (size_t c = 0; c < of_a.size(); ++c)
      for (int y = 0; y < rows; ++y) {
        channels[c].add_row(done + y, of_a[c].row(y), of_b[c].row(y));
        if (done + y >= kSsimWindow - 1) sums[c] += channels[c].similarity(done + y);
      }
    done += rows;
  });
  const double windows = double(width - kSsimWindow + 1) * double(height - kSsimWindow + 1);
  return (sums[0] + sums[1] + sums[2]) / windows / double(channels.size());
}

}  // namespace

double ssim(const FloatImage& a, const FloatImage& b, int crop_border) {
  return ssim_of(a, b, crop_border, rgb_planes);
}
double ssim_y(const FloatImage& a, const FloatImage& b, int crop_border) {
  return ssim_of(a, b, crop_border, luma_planes);
}
double ssim(const Image& a, const Image& b, int crop_border) { return ssim_of(a, b, crop_border, rgb_planes); }
double ssim_y(const Image& a, const Image& b, int crop_border) { return ssim_of(a, b, crop_border, luma_planes); }

}  // namespace daclip
