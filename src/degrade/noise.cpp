// Degradation "noisy". Model: additive white Gaussian noise on display values, independent per pixel and channel, then
// clipped: O = B + sigma n. The training range also covers noise as cameras, their noise reduction and film leave it:
//   grain   n <- G_g n at equal variance: correlated between neighbouring pixels by demosaicking and noise reduction
//   grey    n_c <- sqrt(1 - y) n_c + sqrt(y) n_0: shared by the channels, as in film grain
//   chroma  n <- n + h (m_c - mean m): coarse colour blotches without luma; m like n, but more widely correlated
//   shot    sigma <- sigma sqrt(1 - s + 2 s B): grows with brightness, as photon noise does
// sensor = 1 replaces the addition by the whole camera (sensor_noise.cpp). impulse and quality apply to every noise:
// dead and hot pixels, and the JPEG file in which the noisy picture was stored.
#include "degrade/noise.h"

#include <cmath>

#include "core/error.h"
#include "degrade/fields.h"
#include "degrade/kinds.h"

namespace daclip {

namespace {

void share_between_channels(FloatImage& field, double share, const FloatImage& common) {
  const float own = float(std::sqrt(1 - share)), shared = float(std::sqrt(share));
  for (size_t i = 0; i < field.data.size(); ++i) field.data[i] = own * field.data[i] + shared * common.data[i / 3];
}

// Noise as cameras and their software leave it. Without `sensor`, the same traces without a model of their origin.
NoisePlan camera_noise(bool sensor, Random& random) {
  NoisePlan p;
  p.sensor = sensor;
  p.grain = random.chance(0.7) ? random.uniform(0.3, 1.5) : 0;
  // Coarse noise is never as strong as fine noise, because smoothing made it coarse.
  p.sigma =
      sensor ? 3 * std::exp2(random.uniform(0, 4.32 / (1 + 0.3 * p.grain))) : 5 * std::exp2(random.uniform(0, 2.7));
  p.grey = random.chance(sensor ? 0.65 : 0.5) ? random.uniform(0, 1) : 0;
  p.chroma = random.chance(sensor ? 0.6 : 0.4) ? random.uniform(0.2, 0.8) : 0;
  p.blotch = sensor ? std::exp2(random.uniform(0.5, 3.6)) : 1 + 2 * p.grain;
  p.shot = sensor ? 1 - 0.4 * random.uniform() * random.uniform() : random.chance(0.5) ? random.uniform(0, 0.9) : 0;
  p.tone = sensor ? random.uniform(0.2, 1) : 0;
  p.denoise = sensor && random.chance(0.4) ? random.uniform(0.2, 0.9) : 0;
  p.quality = random.chance(sensor ? 0.6 : 0.3) ? double(75 + random.below(23)) : 0;
  return p;
}

// The silver grains of film: grey or nearly so, coarse, strongest in the middle tones.
NoisePlan film_grain(Random& random) {
  NoisePlan p;
  p.sensor = true;
  p.sigma = random.uniform(5, 35);
  p.grain = random.uniform(0.5, 1.5);
  p.grey = random.chance(0.6) ? 1 : random.uniform(0.7, 1);
  p.shot = random.uniform(0.85, 1);
  p.tone = random.uniform(0.7, 1);
  p.quality = random.chance(0.4) ? double(75 + random.below(23)) : 0;
  return p;
}

NoisePlan draw_plan(Random& random, Severity severity) {
  NoisePlan p;
  if (severity == Severity::paper) {
    random.uniform();  // keeps the noise field of a seed
    p.sigma = 50;
    return p;
  }
  const double look = random.uniform();
  if (look < 0.5) return camera_noise(true, random);
  if (look < 0.68) return camera_noise(false, random);
  if (look < 0.75) return film_grain(random);
  p.sigma = random.uniform(5, 60);
  p.grey = random.chance(0.15) ? 1 : 0;
  if (random.chance(0.12)) {
    p.sigma = random.uniform(0, 10);
    p.impulse = std::exp2(random.uniform(-9, -4.3));
  }
  return p;
}

void override_plan(NoisePlan& p, const Params& params) {
  p.sensor = params.get("sensor", p.sensor) >= 0.5;
  p.sigma = params.get("sigma", p.sigma);
  p.grain = params.get("grain", p.grain);
  p.grey = params.get("grey", p.grey);
  p.chroma = params.get("chroma", p.chroma);
  p.blotch = params.get("blotch", p.blotch > 0 ? p.blotch : 1 + 2 * p.grain);
  p.shot = params.get("shot", p.shot);
  p.tone = params.get("tone", p.tone);
  p.denoise = params.get("denoise", p.denoise);
  p.impulse = params.get("impulse", p.impulse);
  p.quality = params.get("quality", p.quality);
}

FloatImage add_display_noise(const FloatImage& gt, const NoisePlan& plan, Random& random) {
  FloatImage field = normal_field(gt.width, gt.height, 3, plan.grain, random);
  if (plan.grey > 0) share_between_channels(field, plan.grey, normal_field(gt.width, gt.height, 1, plan.grain, random));
  if (plan.chroma > 0) add_blotches(field, plan.chroma, normal_field(gt.width, gt.height, 3, plan.blotch, random));
  const float steady = float(1 - plan.shot), counted = float(2 * plan.shot);
  if (plan.shot > 0)
    for (size_t i = 0; i < field.data.size(); ++i) field.data[i] *= std::sqrt(steady + counted * gt.data[i]);
  return add_noise(gt, field, plan.sigma);
}

// Salt and pepper: the fraction `share` of the pixels becomes black or white.
void add_impulses(FloatImage& image, double share, Random& random) {
  std::vector<float> draws(image.pixels());
  fill_uniform(draws, random);
  const float pepper = float(0.5 * share), salt = float(1 - 0.5 * share);
  for (size_t i = 0; i < draws.size(); ++i)
    if (draws[i] < pepper || draws[i] >= salt)
      for (size_t c = 0; c < 3; ++c) image.data[3 * i + c] = draws[i] < pepper ? 0.f : 1.f;
}

}  // namespace

const std::vector<DegradeParam>& noise_params() {
  static const std::vector<DegradeParam> params = {
      {"sigma", "levels", "standard deviation of the noise, of 255 levels", 0, 255},
      {"grain", "px", "correlation of the noise: sigma of a Gaussian blur at equal variance; 0 is white noise", 0, 5},
      {"grey", "", "fraction of the variance shared by the channels", 0, 1},
      {"chroma", "", "standard deviation of the colour blotches relative to sigma", 0, 2},
      {"blotch", "px", "correlation of the colour blotches, like grain; by default 1 + 2 grain", 0, 40},
      {"shot", "", "fraction of the variance that grows with brightness; sigma applies to middle grey", 0, 1},
      {"sensor", "", "1: noise of a Bayer sensor in linear light, demosaicked; 0: added to the display values", 0, 1},
      {"tone", "", "contrast of the camera's tone curve, which damps the noise in dark and bright parts (sensor=1)", 0,
       1},
      {"denoise", "", "fraction of the fine noise removed in smooth parts by the camera (sensor=1)", 0, 1},
      {"impulse", "", "fraction of the pixels that are black or white", 0, 1},
      {"quality", "", "quality of the JPEG file that stores the noisy picture; below 1 there is none", 0, 100},
  };
  return params;
}

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

void add_blotches(FloatImage& field, double height, const FloatImage& blotches) {
  for (size_t i = 0; i < field.pixels(); ++i) {
    const float* m = &blotches.data[3 * i];
    const float mean = (m[0] + m[1] + m[2]) / 3;
    for (size_t c = 0; c < 3; ++c) field.data[3 * i + c] += float(height) * (m[c] - mean);
  }
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
  NoisePlan plan = draw_plan(random, severity);
  override_plan(plan, params);
  FloatImage out = plan.sensor ? sensor_noise(gt, plan, random) : add_display_noise(gt, plan, random);
  if (plan.impulse > 0) add_impulses(out, plan.impulse, random);
  if (plan.quality >= 1) out = jpeg(out, Params({{"quality", plan.quality}, {"chroma", 2}}), random, severity);
  return out;
}

}  // namespace daclip
