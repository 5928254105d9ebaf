#include "degrade/fields.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "image/luma.h"

namespace daclip {
namespace {

constexpr int kTransferSteps = 16384;  // interpolation error below 2e-6

struct TransferTables {
  std::array<float, kTransferSteps + 2> linear, srgb;
  TransferTables() {
    for (int i = 0; i < kTransferSteps + 2; ++i) {
      const double v = double(i) / kTransferSteps;
      linear[size_t(i)] = float(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
      srgb[size_t(i)] = float(v <= 0.0031308 ? v * 12.92 : 1.055 * std::pow(v, 1 / 2.4) - 0.055);
    }
  }
};

const TransferTables& tables() {
  static const TransferTables instance;
  return instance;
}

inline float look_up(const float* table, float value) {
  value = value < 0.f ? 0.f : (value > 1.f ? 1.f : value);
  const float position = value * kTransferSteps;
  const int index = int(position);
  return table[index] + (position - float(index)) * (table[index + 1] - table[index]);
}

DACLIP_HOT void look_up_all(const float* table, const float* in, float* out, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = look_up(table, in[i]);
}

// Wellons' lowbias32, a good hash of a counter that vectorises.
inline uint32_t hash32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}

DACLIP_HOT void uniform_samples(float* out, size_t n, uint32_t key_a, uint32_t key_b) {
  for (size_t i = 0; i < n; ++i) out[i] = float(int32_t(hash32((uint32_t(i) ^ key_a) + key_b) >> 8)) * 0x1.0p-24f;
}

// sin(2 pi u) for u in [-1/4, 1/4] by the Taylor series to the 11th power, with error below 1e-7.
inline float sin_turn(float u) {
  const float x = u * 6.28318530717958648f, s = x * x;
  return x * (1.f - s * (1.f / 6 - s * (1.f / 120 - s * (1.f / 5040 - s * (1.f / 362880 - s * (1.f / 39916800))))));
}

// Box-Muller transform; first[i] and second[i] form a pair.
DACLIP_HOT void normal_pairs(float* first, float* second, size_t n, uint32_t key_a, uint32_t key_b) {
  for (size_t i = 0; i < n; ++i) {
    const uint32_t counter = (uint32_t(i) ^ key_a) + key_b;
    const float u = (float(int32_t(hash32(counter) >> 8)) + 0.5f) * 0x1.0p-24f;
    const float turn = float(int32_t(hash32(counter ^ 0x9e3779b9U) >> 8)) * 0x1.0p-24f - 0.5f;  // in [-1/2, 1/2)
    const float r2 = -2.f * fast_log(u);
    const float radius = __builtin_sqrtf(r2 > 0.f ? r2 : 0.f);
    const float a = turn > 0.25f ? 0.5f - turn : (turn < -0.25f ? -0.5f - turn : turn);
    const float absolute = turn < 0.f ? -turn : turn;
    first[i] = radius * sin_turn(a);
    second[i] = radius * sin_turn(0.25f - absolute);
  }
}

DACLIP_HOT void add_scaled(float* out, const float* in, float scale, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] += scale * in[i];
}

// Cubic B-spline weights of the four neighbours at fractional position t.
std::array<float, 4> spline_weights(float t) {
  const float u = 1 - t;
  return {u * u * u / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (3 * u * u * u - 6 * u * u + 4) / 6, t * t * t / 6};
}

// Adds one octave of uniform lattice noise with B-spline interpolation.
void add_octave(FloatImage& out, double cell, float amplitude, Random& random) {
  const int lattice_w = int(double(out.width) / cell) + 5, lattice_h = int(double(out.height) / cell) + 5;
  const double shift_x = random.uniform(), shift_y = random.uniform();
  std::vector<float> lattice(size_t(lattice_w) * size_t(lattice_h));
  fill_uniform(lattice, random);
  std::vector<float> wide(size_t(lattice_h) * size_t(out.width));  // interpolated along x only
  for (int x = 0; x < out.width; ++x) {
    const double position = double(x) / cell + shift_x;
    const int base = int(position);
    const auto w = spline_weights(float(position - base));
    for (int j = 0; j < lattice_h; ++j) {
      const float* p = &lattice[size_t(j) * size_t(lattice_w) + size_t(base)];
      wide[size_t(j) * size_t(out.width) + size_t(x)] = w[0] * p[0] + w[1] * p[1] + w[2] * p[2] + w[3] * p[3];
    }
  }
  for (int y = 0; y < out.height; ++y) {
    const double position = double(y) / cell + shift_y;
    const int base = int(position);
    const auto w = spline_weights(float(position - base));
    for (int k = 0; k < 4; ++k)
      add_scaled(out.row(y), &wide[size_t(base + k) * size_t(out.width)], amplitude * w[size_t(k)], size_t(out.width));
  }
}

// Weights of offsets -radius..radius, with sum 1.
std::vector<float> gaussian_kernel(double sigma) {
  const int radius = std::max(1, int(std::ceil(3 * sigma)));
  std::vector<float> kernel(size_t(2 * radius + 1));
  float sum = 0;
  for (int i = -radius; i <= radius; ++i)
    sum += kernel[size_t(i + radius)] = fast_exp(float(-0.5 * i * i / (sigma * sigma)));
  for (float& w : kernel) w /= sum;
  return kernel;
}

void blur_directly(FloatImage& image, double sigma) {
  const std::vector<float> kernel = gaussian_kernel(sigma);
  const int radius = int(kernel.size() / 2), c = image.channels;
  const size_t row_size = size_t(image.width) * size_t(c);
  std::vector<float> padded(row_size + size_t(2 * radius * c));
  for (int y = 0; y < image.height; ++y) {
    float* row = image.row(y);
    for (int i = -radius; i < image.width + radius; ++i)
      for (int k = 0; k < c; ++k)
        padded[size_t((i + radius) * c + k)] = row[size_t(std::clamp(i, 0, image.width - 1) * c + k)];
    std::fill(row, row + row_size, 0.f);
    for (size_t t = 0; t < kernel.size(); ++t) add_scaled(row, padded.data() + t * size_t(c), kernel[t], row_size);
  }
  const FloatImage across = image;
  std::fill(image.data.begin(), image.data.end(), 0.f);
  for (int y = 0; y < image.height; ++y)
    for (int t = -radius; t <= radius; ++t)
      add_scaled(image.row(y), across.row(std::clamp(y + t, 0, image.height - 1)), kernel[size_t(t + radius)],
                 row_size);
}

}  // namespace

float srgb_to_linear(float value) { return look_up(tables().linear.data(), value); }
float linear_to_srgb(float value) { return look_up(tables().srgb.data(), value); }

FloatImage to_linear(const FloatImage& srgb) {
  FloatImage out(srgb.width, srgb.height, srgb.channels);
  look_up_all(tables().linear.data(), srgb.data.data(), out.data.data(), out.data.size());
  return out;
}

FloatImage to_srgb(const FloatImage& linear) {
  FloatImage out(linear.width, linear.height, linear.channels);
  look_up_all(tables().srgb.data(), linear.data.data(), out.data.data(), out.data.size());
  return out;
}

void round_to_bytes(FloatImage& image) {
  for (float& v : image.data) v = float(int(std::clamp(v, 0.f, 1.f) * 255.f + 0.5f)) / 255.f;
}

FloatImage luma(const FloatImage& rgb) {
  FloatImage out(rgb.width, rgb.height, 1);
  for (size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = bt601_luma(rgb.data[3 * i], rgb.data[3 * i + 1], rgb.data[3 * i + 2]);
  return out;
}

void fill_uniform(std::span<float> out, Random& random) {
  const uint64_t key = random.next();
  uniform_samples(out.data(), out.size(), uint32_t(key), uint32_t(key >> 32));
}

void fill_normal(std::span<float> out, Random& random) {
  const uint64_t key = random.next();
  const size_t pairs = out.size() / 2;
  normal_pairs(out.data(), out.data() + pairs, pairs, uint32_t(key), uint32_t(key >> 32));
  if (out.size() % 2) {
    float spare;
    normal_pairs(&out.back(), &spare, 1, ~uint32_t(key), uint32_t(key >> 32));
  }
}

FloatImage value_noise(int width, int height, double cell, int octaves, double persistence, Random& random) {
  FloatImage out(width, height, 1);
  float amplitude = 1;
  for (int i = 0; i < octaves; ++i) {
    add_octave(out, std::max(cell, 1.0), amplitude, random);
    cell /= 2;
    amplitude *= float(persistence);
  }
  const auto [low, high] = std::minmax_element(out.data.begin(), out.data.end());
  const float base = *low, range = *high - *low;
  for (float& v : out.data) v = range > 1e-6f ? (v - base) / range : 0.5f;
  return out;
}

void gaussian_blur(FloatImage& image, double sigma) {
  if (sigma <= 0.05) return;
  const int factor = int(sigma / 2.5);
  if (factor < 2) return blur_directly(image, sigma);
  FloatImage small = box_reduce(image, factor);
  // The box reduction and the bilinear enlargement also blur, with variances k^2/12 and k^2/6; subtract them.
  blur_directly(small, std::sqrt(sigma * sigma / (factor * factor) - 0.25));
  image = bilinear_resize(small, image.width, image.height, 1.0 / factor);
}

FloatImage box_reduce(const FloatImage& image, int factor) {
  const int width = (image.width + factor - 1) / factor, height = (image.height + factor - 1) / factor;
  const int c = image.channels;
  FloatImage out(width, height, c);
  for (int y = 0; y < image.height; ++y) {
    const float* in = image.row(y);
    float* sums = out.row(y / factor);
    for (int x = 0; x < width; ++x) {
      const int end = std::min(image.width, (x + 1) * factor);
      for (int i = x * factor; i < end; ++i)
        for (int k = 0; k < c; ++k) sums[x * c + k] += in[i * c + k];
    }
  }
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int rows = std::min(factor, image.height - y * factor),
                columns = std::min(factor, image.width - x * factor);
      for (int k = 0; k < c; ++k) out.at(x, y, k) /= float(rows * columns);
    }
  return out;
}

FloatImage bilinear_resize(const FloatImage& image, int width, int height, double step) {
  const int c = image.channels;
  FloatImage wide(width, image.height, c), out(width, height, c);
  const auto locate = [step](int i, int from, int to, int& low, int& high, float& t) {
    const double scale = step > 0 ? step : double(from) / to;
    const double p = std::clamp((i + 0.5) * scale - 0.5, 0.0, double(from - 1));
    low = int(p);
    high = std::min(low + 1, from - 1);
    t = float(p - low);
  };
  for (int x = 0; x < width; ++x) {
    int low, high;
    float t;
    locate(x, image.width, width, low, high, t);
    for (int y = 0; y < image.height; ++y)
      for (int k = 0; k < c; ++k) {
        const float a = image.at(low, y, k);
        wide.at(x, y, k) = a + t * (image.at(high, y, k) - a);
      }
  }
  for (int y = 0; y < height; ++y) {
    int low, high;
    float t;
    locate(y, image.height, height, low, high, t);
    add_scaled(out.row(y), wide.row(low), 1 - t, size_t(width) * size_t(c));
    add_scaled(out.row(y), wide.row(high), t, size_t(width) * size_t(c));
  }
  return out;
}

}  // namespace daclip
