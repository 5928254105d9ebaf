// noisy. Model: additive white Gaussian noise of the display values, independent per pixel and channel, then clipped. The
// wider training range also holds grain: the same noise correlated over neighbouring pixels, as demosaicking and the
// reduction of a photo leave it.
#include "degrade/noise.h"

#include <cmath>

#include "core/error.h"
#include "degrade/fields.h"
#include "degrade/kinds.h"

namespace daclip {

const std::vector<DegradeParam>& noise_params() {
  static const std::vector<DegradeParam> params = {
      {"sigma", "levels", "standard deviation of the noise, of 255 levels", 0, 255},
      {"grain", "px", "correlation of the noise: sigma of a Gaussian blur at equal variance; 0 is white noise", 0, 5},
  };
  return params;
}

FloatImage add_noise(const FloatImage& gt, const FloatImage& field, double sigma) {
  if (!gt.same_size(field))
    throw ShapeError(cat("add_noise: field of ", field.width, "x", field.height, "x", field.channels, " for an image of ",
                         gt.width, "x", gt.height, "x", gt.channels));
  const float scale = float(sigma / 255);
  FloatImage out(gt.width, gt.height, gt.channels);
  for (size_t i = 0; i < out.data.size(); ++i) out.data[i] = gt.data[i] + scale * field.data[i];
  return out;
}

FloatImage noise(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool wide = severity == Severity::training;
  const double sigma = params.get("sigma", wide ? random.uniform(5, 60) : 50);
  const double drawn_grain = random.chance(0.2) ? random.uniform(0.3, 1.0) : 0;
  const double grain = params.get("grain", wide ? drawn_grain : 0);
  FloatImage field(gt.width, gt.height, gt.channels);
  fill_normal(field.data, random);
  if (grain > 0.05) {
    gaussian_blur(field, grain);
    double power = 0;
    for (float v : field.data) power += double(v) * double(v);
    const float scale = float(1 / std::sqrt(power / double(field.data.size()) + 1e-12));
    for (float& v : field.data) v *= scale;
  }
  return add_noise(gt, field, sigma);
}

}  // namespace daclip
