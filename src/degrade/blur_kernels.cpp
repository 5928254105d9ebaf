#include "degrade/blur_kernels.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace daclip {
namespace {

constexpr double kPi = std::numbers::pi;

template <class Weight>
BlurKernel make_kernel(int size, const Weight& weight) {
  if (size < 1 || size % 2 == 0) throw UsageError(cat("blur kernel of size ", size, ", expected an odd size"));
  BlurKernel kernel{size, {}};
  const int half = size / 2;
  for (int y = -half; y <= half; ++y)
    for (int x = -half; x <= half; ++x) kernel.weights.push_back(weight(x, y));
  normalise(kernel);
  return kernel;
}

// Squared Mahalanobis distance of (x, y), for deviations along axes rotated by theta.
double mahalanobis(double x, double y, double sigma_x, double sigma_y, double theta) {
  const double along = std::cos(theta) * x + std::sin(theta) * y, across = -std::sin(theta) * x + std::cos(theta) * y;
  return along * along / (sigma_x * sigma_x) + across * across / (sigma_y * sigma_y);
}

int mirrored(int i, int n) {
  if (n == 1) return 0;
  i = std::abs(i) % (2 * n - 2);
  return i < n ? i : 2 * n - 2 - i;
}

// The input samples and weights of one output sample along an axis.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

Taps area_taps(int i, int from, double scale) {
  const double begin = i * scale, end = begin + scale, cell = std::min(scale, from - begin);
  const int inner_begin = int(std::ceil(begin)), inner_end = std::min(int(std::floor(end)), from - 1);
  const int whole_begin = std::min(inner_begin, inner_end);
  Taps taps{whole_begin, {}};
  if (whole_begin - begin > 1e-3) {
    taps.first = whole_begin - 1;
    taps.weights.push_back(float((whole_begin - begin) / cell));
  }
  for (int k = whole_begin; k < inner_end; ++k) taps.weights.push_back(float(1 / cell));
  if (end - inner_end > 1e-3) taps.weights.push_back(float(std::min(std::min(end - inner_end, 1.0), cell) / cell));
  return taps;
}

Taps linear_taps(int i, int from, double scale, bool area) {
  float at = float((i + 0.5) * scale - 0.5);
  int first = int(std::floor(at));
  float fraction = at - float(first);
  if (area) {  // INTER_AREA when enlarging: sharp edges between the pixels
    first = int(std::floor(i * scale));
    fraction = float((i + 1) - (first + 1) / scale);
    fraction = fraction <= 0 ? 0 : fraction - std::floor(fraction);
  }
  if (first < 0) first = 0, fraction = 0;
  if (first >= from - 1) return {from - 1, {1.f}};
  return {first, {1 - fraction, fraction}};
}

Taps cubic_taps(int i, double scale) {
  constexpr float a = -0.75f;
  const float at = float((i + 0.5) * scale - 0.5);
  const int first = int(std::floor(at));
  const float x = at - float(first);
  const float w0 = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
  const float w1 = ((a + 2) * x - (a + 3)) * x * x + 1;
  const float w2 = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
  return {first - 1, {w0, w1, w2, 1 - w0 - w1 - w2}};
}

std::vector<Taps> axis_taps(int from, int to, CvFilter filter, bool shrinks) {
  const double scale = double(from) / to;
  std::vector<Taps> taps;
  for (int i = 0; i < to; ++i) {
    if (filter == CvFilter::cubic)
      taps.push_back(cubic_taps(i, scale));
    else if (filter == CvFilter::area && shrinks)
      taps.push_back(area_taps(i, from, scale));
    else
      taps.push_back(linear_taps(i, from, scale, filter == CvFilter::area));
  }
  return taps;
}

}  // namespace

void normalise(BlurKernel& kernel) {
  double sum = 0;
  for (double w : kernel.weights) sum += w;
  for (double& w : kernel.weights) w /= sum;
}

BlurKernel gaussian_kernel(int size, double sigma_x, double sigma_y, double theta, double shape) {
  return make_kernel(size, [&](int x, int y) {
    const double q = mahalanobis(x, y, sigma_x, sigma_y, theta);
    return std::exp(-0.5 * (shape == 1 ? q : std::pow(q, shape)));
  });
}

BlurKernel plateau_kernel(int size, double sigma_x, double sigma_y, double theta, double shape) {
  return make_kernel(
      size, [&](int x, int y) { return 1 / (std::pow(mahalanobis(x, y, sigma_x, sigma_y, theta), shape) + 1); });
}

BlurKernel sinc_kernel(int size, double cutoff) {
  return make_kernel(size, [&](int x, int y) {
    const double r = std::sqrt(double(x * x + y * y));
    return r == 0 ? cutoff * cutoff / (4 * kPi) : cutoff * ::j1(cutoff * r) / (2 * kPi * r);
  });
}

BlurKernel disc_kernel(int size) {
  const int half = size / 2, limit = (half + 1) * (half + 1);
  return make_kernel(size, [&](int x, int y) {
    const bool corner = size <= 5 && std::abs(x) == half && std::abs(y) == half;
    return x * x + y * y < limit && !corner ? 1.0 : 0.0;
  });
}

BlurKernel box_kernel(int size) {
  return make_kernel(size, [](int, int) { return 1.0; });
}

BlurKernel line_kernel(int size, double degrees) {
  BlurKernel kernel = make_kernel(size, [](int, int) { return 1.0; });
  const int half = size / 2;
  if (half == 0) return kernel;
  std::fill(kernel.weights.begin(), kernel.weights.end(), 0.0);
  // One end walks along half of the border, anticlockwise from the right, in steps of 45/half degrees.
  const int steps = 4 * half;
  const int step = int(std::lround(std::fmod(std::fmod(degrees, 180) + 180, 180) * half / 45)) % steps;
  const int end_x = step <= half ? half : (step <= 3 * half ? 2 * half - step : -half);
  const int end_y = step <= half ? -step : (step <= 3 * half ? -half : step - 4 * half);
  // Bresenham's algorithm, starting at the other end.
  const bool steep = std::abs(end_y) > std::abs(end_x);
  const int major = 2 * std::abs(steep ? end_y : end_x), minor = 2 * std::abs(steep ? end_x : end_y);
  const int step_x = end_x > 0 ? 1 : -1, step_y = end_y > 0 ? 1 : -1;
  int x = half - end_x, y = half - end_y, error = 2 * minor - major;
  for (int i = 0; i <= major; ++i) {
    kernel.weights[size_t(y) * size_t(size) + size_t(x)] = 1;
    if (error >= 0) {
      (steep ? x : y) += steep ? step_x : step_y;
      error -= 2 * major;
    }
    (steep ? y : x) += steep ? step_y : step_x;
    error += 2 * minor;
  }
  normalise(kernel);
  return kernel;
}

FloatImage filter(const FloatImage& image, const BlurKernel& kernel) {
  const int half = kernel.size / 2, channels = image.channels;
  FloatImage padded(image.width + 2 * half, image.height + 2 * half, channels);
  for (int y = 0; y < padded.height; ++y)
    for (int x = 0; x < padded.width; ++x) {
      const float* from =
          image.row(mirrored(y - half, image.height)) + size_t(mirrored(x - half, image.width)) * size_t(channels);
      std::copy(from, from + channels, padded.row(y) + size_t(x) * size_t(channels));
    }
  FloatImage out(image.width, image.height, channels);
  for (int y = 0; y < out.height; ++y)
    for (int v = 0; v < kernel.size; ++v)
      for (int u = 0; u < kernel.size; ++u) {
        const auto weight = float(kernel.weights[size_t(v) * size_t(kernel.size) + size_t(u)]);
        if (weight == 0) continue;
        const float* from = padded.row(y + v) + size_t(u) * size_t(channels);
        float* to = out.row(y);
        for (int i = 0; i < out.width * channels; ++i) to[i] += weight * from[i];
      }
  return out;
}

FloatImage cv_resize(const FloatImage& image, int width, int height, CvFilter filter) {
  const bool shrinks = width <= image.width && height <= image.height;
  const std::vector<Taps> columns = axis_taps(image.width, width, filter, shrinks);
  const std::vector<Taps> rows = axis_taps(image.height, height, filter, shrinks);
  FloatImage wide(width, image.height, image.channels), out(width, height, image.channels);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < width; ++x)
      for (size_t k = 0; k < columns[size_t(x)].weights.size(); ++k) {
        const int at = std::clamp(columns[size_t(x)].first + int(k), 0, image.width - 1);
        for (int c = 0; c < image.channels; ++c) wide.at(x, y, c) += columns[size_t(x)].weights[k] * image.at(at, y, c);
      }
  for (int y = 0; y < height; ++y)
    for (size_t k = 0; k < rows[size_t(y)].weights.size(); ++k) {
      const float* from = wide.row(std::clamp(rows[size_t(y)].first + int(k), 0, image.height - 1));
      for (int i = 0; i < width * image.channels; ++i) out.row(y)[i] += rows[size_t(y)].weights[k] * from[i];
    }
  return out;
}

}  // namespace daclip
