#include "data/perceptual_hash.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "degrade/fields.h"
#include "image/resize.h"

namespace daclip {
namespace {

constexpr int kSide = 32, kLow = 8;

}  // namespace

std::optional<uint64_t> perceptual_hash(const FloatImage& rgb) {
  const FloatImage small = resize(luma(rgb), kSide, kSide, Filter::bilinear);
  const auto [low, high] = std::minmax_element(small.data.begin(), small.data.end());
  if (*high - *low < 3.f / 255) return std::nullopt;

  double wave[kLow][kSide];
  for (int u = 0; u < kLow; ++u)
    for (int x = 0; x < kSide; ++x) wave[u][x] = std::cos(std::numbers::pi * u * (2 * x + 1) / (2.0 * kSide));
  double rows[kSide][kLow] = {};
  for (int y = 0; y < kSide; ++y)
    for (int u = 0; u < kLow; ++u)
      for (int x = 0; x < kSide; ++x) rows[y][u] += wave[u][x] * double(small.at(x, y, 0));
  std::array<double, kLow * kLow> frequencies{};
  for (int v = 0; v < kLow; ++v)
    for (int u = 0; u < kLow; ++u)
      for (int y = 0; y < kSide; ++y) frequencies[size_t(v * kLow + u)] += wave[v][y] * rows[y][u];

  std::array<double, kLow* kLow> sorted = frequencies;
  std::sort(sorted.begin(), sorted.end());
  const double median = (sorted[31] + sorted[32]) / 2;
  uint64_t bits = 0;
  for (size_t i = 0; i < frequencies.size(); ++i) bits |= uint64_t(frequencies[i] > median) << i;
  return bits;
}

}  // namespace daclip
