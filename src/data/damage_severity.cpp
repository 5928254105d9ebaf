#include "data/damage_severity.h"

#include <algorithm>
#include <cmath>

#include "data/augmentation.h"

namespace daclip {

float severity_between(const FloatImage& before, const FloatImage& after) {
  constexpr double kInvisible = 40, kRuined = 10;  // dB
  const double psnr = -10 * std::log10(std::max(mean_squared_error(before, after), 1e-10));
  return float(std::clamp((kInvisible - psnr) / (kInvisible - kRuined), double(kLeastSeverity), 1.0));
}

}  // namespace daclip
