#include "sde/noise.h"

#include <cmath>
#include <numbers>

#include "core/error.h"
#include "core/random.h"

namespace daclip {
namespace {

// Box-Muller transform of the two halves of a random word.
struct Pair {
  double first, second;
};
Pair normal_pair(uint64_t word) {
  const double u = (double(word >> 32) + 0.5) * 0x1.0p-32, v = double(word & 0xffffffffu) * 0x1.0p-32;
  const double radius = std::sqrt(-2 * std::log(u)), angle = 2 * std::numbers::pi * v;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

}  // namespace

void NoiseField::fill(int draw, const Region& region, int channels, std::span<double> values) const {
  const size_t row_values = size_t(region.width) * size_t(channels);
  if (values.size() != row_values * size_t(region.height))
    throw ShapeError(cat("noise: ", values.size(), " values for ", region.width, "x", region.height, " pixels of ",
                         channels, " channels"));
  const uint64_t key = mix_seed(seed_, uint64_t(draw));
  const uint64_t first = uint64_t(region.left) * uint64_t(channels);
  for (int y = 0; y < region.height; ++y) {
    const uint64_t row = mix_seed(key, uint64_t(region.top) + uint64_t(y));
    double* out = values.data() + size_t(y) * row_values;
    // Values 2k and 2k+1 of a picture row form one pair.
    for (size_t i = 0; i < row_values;) {
      const uint64_t index = first + i;
      const Pair pair = normal_pair(mix_seed(row, index / 2));
      if (index % 2 == 0) {
        out[i++] = pair.first;
        if (i < row_values) out[i++] = pair.second;
      } else {
        out[i++] = pair.second;
      }
    }
  }
}

}  // namespace daclip
