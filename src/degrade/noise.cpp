// Degradation "noisy". Model: additive white Gaussian noise on display values, independent per pixel and channel, then
// clipped: O = B + sigma n. The training range also covers noise as cameras, their noise reduction and film leave it:
//   grain   n <- G_g n at equal variance: correlated between neighbouring pixels by demosaicking and noise reduction
//   grey    n_c <- sqrt(1 - y) n_c + sqrt(y) n_0: shared by the channels, as in film grain
//   chroma  n <- n + h (m_c - mean m): coarse colour blotches without luma; m like n, but more widely correlated
//   shot    sigma <- sigma sqrt(1 - s + 2 s B): grows with brightness, as photon noise does
#include "degrade/noise.h"

#include <cmath>

#include "core/error.h"
#include "degrade/fields.h"
#include "degrade/kinds.h"

namespace daclip {

namespace {

// Standard normal samples blurred by `grain` pixels, rescaled to equal variance.
FloatImage normal_field(int width, int height, int channels, double grain, Random& random) {
  FloatImage field(width, height, channels);
  fill_normal(field.data, random);
  if (grain <= 0.05) return field;
  gaussian_blur(field, grain);
  double power = 0, samples = 0;  // every seventh sample estimates the variance well enough
  for (size_t i = 0; i < field.data.size(); i += 7, ++samples) power += double(field.data[i]) * double(field.data[i]);
  const float scale = float(1 / std::sqrt(power / samples + 1e-12));
  for (float& v : field.data) v *= scale;
  return field;
}

void share_between_channels(FloatImage& field, double share, const FloatImage& common) {
  const float own = float(std::sqrt(1 - share)), shared = float(std::sqrt(share));
  for (size_t i = 0; i < field.data.size(); ++i) field.data[i] = own * field.data[i] + shared * common.data[i / 3];
}

void add_blotches(FloatImage& field, double height, const FloatImage& blotches) {
  for (size_t i = 0; i < field.pixels(); ++i) {
    const float* m = &blotches.data[3 * i];
    const float mean = (m[0] + m[1] + m[2]) / 3;
    for (size_t c = 0; c < 3; ++c) field.data[3 * i + c] += float(height) * (m[c] - mean);
  }
}

}  // namespace

const std::vector<DegradeParam>& noise_params() {
  static const std::vector<DegradeParam> params = {
      {"sigma", "levels", "standard deviation of the noise, of 255 levels", 0, 255},
      {"grain", "px", "correlation of the noise: sigma of a Gaussian blur at equal variance; 0 is white noise", 0, 5},
      {"grey", "", "fraction of the variance shared by the channels", 0, 1},
      {"chroma", "", "standard deviation of the colour blotches relative to sigma", 0, 2},
      {"shot", "", "fraction of the variance that grows with brightness; sigma applies to middle grey", 0, 1},
  };
  return params;
}

FloatImage add_noise(const FloatImage& gt, const FloatImage& field, double sigma) {
  if (!gt.same_size(field))
    throw ShapeError(cat("add_noise: field of ", field.width, "x", field.height, "x", field.channels,
                         " for an image of ", gt.width, "x", gt.height, "x", gt.channels));
  const float scale = float(sigma / 255);
  FloatImage out(gt.width, gt.height, gt.channels);
  for (size_t i = 0; i < out.data.size(); ++i) out.data[i] = gt.data[i] + scale * field.data[i];
  return out;
}

FloatImage noise(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool wide = severity == Severity::training;
  const bool camera = wide && random.chance(0.45);  // processed by a camera or film; otherwise raw sensor noise
  const double drawn_sigma = camera ? 5 * std::exp2(random.uniform(0, 2.7)) : random.uniform(5, 60);
  const double sigma = params.get("sigma", wide ? drawn_sigma : 50);
  const double grain = params.get("grain", camera && random.chance(0.7) ? random.uniform(0.3, 1.5) : 0);
  const double grey = params.get("grey", camera && random.chance(0.5) ? random.uniform(0, 1) : 0);
  const double chroma = params.get("chroma", camera && random.chance(0.4) ? random.uniform(0.2, 0.8) : 0);
  const double shot = params.get("shot", camera && random.chance(0.5) ? random.uniform(0, 0.9) : 0);
  FloatImage field = normal_field(gt.width, gt.height, 3, grain, random);
  if (grey > 0) share_between_channels(field, grey, normal_field(gt.width, gt.height, 1, grain, random));
  if (chroma > 0) add_blotches(field, chroma, normal_field(gt.width, gt.height, 3, 1 + 2 * grain, random));
  const float steady = float(1 - shot), counted = float(2 * shot);
  if (shot > 0)
    for (size_t i = 0; i < field.data.size(); ++i) field.data[i] *= std::sqrt(steady + counted * gt.data[i]);
  return add_noise(gt, field, sigma);
}

}  // namespace daclip
