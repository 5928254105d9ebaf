#include "image/resize.h"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <type_traits>

#include "core/error.h"

namespace daclip {
namespace {

// Pillow's PRECISION_BITS for 8-bit samples: 32 - 8 - 2.
constexpr int kPrecisionBits = 32 - 8 - 2;

// Rows that the horizontal pass takes at once, one in each SIMD lane.
constexpr int kLanes = 16;

double support_of(Filter filter) {
  switch (filter) {
    case Filter::box: return 0.5;
    case Filter::bilinear: return 1;
    case Filter::bicubic: return 2;
    case Filter::lanczos: return 3;
  }
  throw UsageError("resize: unknown filter");
}

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double filter_value(Filter filter, double x) {
  constexpr double a = -0.5;
  const double r = std::abs(x);
  switch (filter) {
    case Filter::box: return x > -0.5 && x <= 0.5 ? 1 : 0;
    case Filter::bilinear: return r < 1 ? 1 - r : 0;
    case Filter::bicubic:
      if (r < 1) return ((a + 2) * r - (a + 3)) * r * r + 1;
      if (r < 2) return (((r - 5) * r + 8) * r - 4) * a;
      return 0;
    case Filter::lanczos: return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  throw UsageError("resize: unknown filter");
}

// Which input samples make each output sample of one axis, and their weights (fixed-point where T is an integer).
template <class T>
struct Taps {
  std::vector<int> first, count;
  std::vector<T> weights;  // (output size, stride)
  size_t stride = 0;

  const T* of(int out) const { return weights.data() + size_t(out) * stride; }
};

// Pillow's precompute_coeffs and normalize_coeffs_8bpc.
template <class T>
Taps<T> make_taps(int in_size, int out_size, Filter filter) {
  const double scale = double(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = support_of(filter) * filter_scale;
  Taps<T> taps;
  taps.stride = size_t(std::ceil(support)) * 2 + 1;
  taps.first.resize(size_t(out_size));
  taps.count.resize(size_t(out_size));
  taps.weights.resize(size_t(out_size) * taps.stride);
  std::vector<double> exact(taps.stride);
  for (int out = 0; out < out_size; ++out) {
    const double center = (out + 0.5) * scale;
    const int first = std::max(int(center - support + 0.5), 0);
    const int count = std::min(int(center + support + 0.5), in_size) - first;
    double sum = 0;
    for (int i = 0; i < count; ++i) {
      exact[size_t(i)] = filter_value(filter, (i + first - center + 0.5) / filter_scale);
      sum += exact[size_t(i)];
    }
    taps.first[size_t(out)] = first;
    taps.count[size_t(out)] = count;
    for (int i = 0; i < count; ++i) {
      const double weight = sum != 0 ? exact[size_t(i)] / sum : exact[size_t(i)];
      T& stored = taps.weights[size_t(out) * taps.stride + size_t(i)];
      if constexpr (std::is_integral_v<T>)
        stored = T((weight < 0 ? -0.5 : 0.5) + weight * (1 << kPrecisionBits));
      else
        stored = T(weight);
    }
  }
  return taps;
}

// An accumulated value as a sample: 8-bit levels are rounded and clipped after each pass, as Pillow does.
template <class T>
T finish(T sum) {
  if constexpr (std::is_integral_v<T>)
    return std::clamp((sum + (1 << (kPrecisionBits - 1))) >> kPrecisionBits, 0, 255);
  else
    return sum;
}

// in: (height, in_width, channels) -> (height, out_width, channels)
template <class T>
std::vector<T> resize_rows(const std::vector<T>& in, int in_width, int out_width, int height, int channels,
                           Filter filter) {
  const Taps<T> taps = make_taps<T>(in_width, out_width, filter);
  std::vector<T> out(size_t(out_width) * size_t(height) * size_t(channels));
  std::vector<T> block(size_t(in_width) * kLanes);  // one channel of kLanes rows, transposed
  for (int y = 0; y < height; y += kLanes) {
    const int rows = std::min(kLanes, height - y);
    for (int c = 0; c < channels; ++c) {
      for (int lane = 0; lane < rows; ++lane) {
        const T* from = in.data() + (size_t(y + lane) * size_t(in_width)) * size_t(channels) + c;
        for (int x = 0; x < in_width; ++x)
          block[size_t(x) * kLanes + size_t(lane)] = from[size_t(x) * size_t(channels)];
      }
      for (int x = 0; x < out_width; ++x) {
        T sums[kLanes] = {};
        const T* weights = taps.of(x);
        const T* samples = block.data() + size_t(taps.first[size_t(x)]) * kLanes;
        for (int i = 0; i < taps.count[size_t(x)]; ++i, samples += kLanes)
          for (int lane = 0; lane < kLanes; ++lane) sums[lane] += weights[i] * samples[lane];
        for (int lane = 0; lane < rows; ++lane)
          out[(size_t(y + lane) * size_t(out_width) + size_t(x)) * size_t(channels) + size_t(c)] = finish(sums[lane]);
      }
    }
  }
  return out;
}

// in: (in_height, row) -> (out_height, row), where a row is `row` samples
template <class T>
std::vector<T> resize_columns(const std::vector<T>& in, int in_height, int out_height, size_t row, Filter filter) {
  const Taps<T> taps = make_taps<T>(in_height, out_height, filter);
  std::vector<T> out(size_t(out_height) * row);
  for (int y = 0; y < out_height; ++y) {
    T* sums = out.data() + size_t(y) * row;
    for (int i = 0; i < taps.count[size_t(y)]; ++i) {
      const T weight = taps.of(y)[i];
      const T* from = in.data() + size_t(taps.first[size_t(y)] + i) * row;
      for (size_t x = 0; x < row; ++x) sums[x] += weight * from[x];
    }
    for (size_t x = 0; x < row; ++x) sums[x] = finish(sums[x]);
  }
  return out;
}

template <class T>
std::vector<T> resize_both(std::vector<T> samples, const FloatImage& image, int width, int height, Filter filter) {
  if (width != image.width) samples = resize_rows(samples, image.width, width, image.height, image.channels, filter);
  if (height != image.height)
    samples = resize_columns(samples, image.height, height, size_t(width) * size_t(image.channels), filter);
  return samples;
}

void check_sizes(const FloatImage& image, int width, int height) {
  if (image.empty()) throw ShapeError("resize: the image is empty");
  if (width < 1 || height < 1) throw ShapeError(cat("resize: to ", width, "x", height, ", expected at least 1x1"));
}

FloatImage with_size(const FloatImage& image, int width, int height) {
  FloatImage result;
  result.width = width;
  result.height = height;
  result.channels = image.channels;
  return result;
}

}  // namespace

FloatImage resize(const FloatImage& image, int width, int height, Filter filter) {
  check_sizes(image, width, height);
  FloatImage result = with_size(image, width, height);
  result.data = resize_both(image.data, image, width, height, filter);
  return result;
}

FloatImage resize_8bit(const FloatImage& image, int width, int height, Filter filter) {
  check_sizes(image, width, height);
  std::vector<int32_t> levels(image.data.size());
  for (size_t i = 0; i < levels.size(); ++i) {
    const float value = image.data[i];
    levels[i] = value > 0 ? int32_t(std::min(value, 1.f) * 255.f + 0.5f) : 0;  // a NaN becomes 0
  }
  levels = resize_both(std::move(levels), image, width, height, filter);
  FloatImage result = with_size(image, width, height);
  result.data.resize(levels.size());
  for (size_t i = 0; i < levels.size(); ++i) result.data[i] = float(levels[i]) / 255.f;
  return result;
}

}  // namespace daclip
