// low-light. Model: the scene's linear light is scaled by a short exposure (and unevenly lit), the sensor adds shot noise
// (variance proportional to the light) and read noise, the black level crushes the darkest values, and the camera encodes
// by sRGB and a gamma into 8 bits. Ranges measured on LOL: exposure 1/16-1/48, noise about one level in the dark.
#include <cmath>

#include "degrade/fields.h"
#include "degrade/kinds.h"

namespace daclip {
namespace {

DACLIP_HOT void expose(float* light, const float* field, size_t n, float black, float shot, float read) {
  for (size_t i = 0; i < n; ++i) {
    const float x = light[i];
    const float noisy = x - black + __builtin_sqrtf(shot * x + read * read) * field[i];
    light[i] = noisy < 0.f ? 0.f : noisy;
  }
}

// The tone curve, then 8-bit levels.
DACLIP_HOT void encode(float* values, size_t n, float gamma) {
  for (size_t i = 0; i < n; ++i) {
    const float v = values[i] < 1e-6f ? 1e-6f : values[i];
    values[i] = float(int32_t(fast_pow(v, gamma) * 255.f + 0.5f)) / 255.f;
  }
}

// Illumination between 1 - falloff and 1, multiplied into linear light; pools of light as wide as `size` times the photo.
void light_unevenly(FloatImage& light, double falloff, double size, Random& random) {
  const FloatImage field = value_noise(light.width, light.height, size * std::max(light.width, light.height), 2, 0.4, random);
  for (size_t i = 0; i < field.data.size(); ++i) {
    const float scale = 1 - float(falloff) * (1 - field.data[i]);
    for (size_t k = 0; k < 3; ++k) light.data[3 * i + k] *= scale;
  }
}

}  // namespace

const std::vector<DegradeParam>& low_light_params() {
  static const std::vector<DegradeParam> params = {
      {"exposure", "EV", "exposure against the clean photo, in stops", -8, 0},
      {"gamma", "", "exponent of the camera's tone curve after sRGB; above 1 is darker", 0.5, 3},
      {"black", "", "black level, as a share of the exposed white", 0, 0.2},
      {"shot", "", "shot noise: variance per unit of linear light, full scale 1", 0, 0.01},
      {"read", "", "read noise: standard deviation in linear light, full scale 1", 0, 0.1},
      {"falloff", "", "uneven light: how much the darkest part loses", 0, 1},
  };
  return params;
}

FloatImage low_light(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool wide = severity == Severity::training;
  const double exposure = params.get("exposure", wide ? random.uniform(-5.8, -1.2) : random.uniform(-5.0, -3.4));
  const double gamma = params.get("gamma", wide ? random.uniform(0.85, 1.35) : random.uniform(0.95, 1.1));
  const double black = params.get("black", random.uniform(0, wide ? 0.02 : 0.008));
  const double shot = params.get("shot", std::exp2(random.uniform(-16, wide ? -13 : -14)));
  const double read = params.get("read", std::exp2(random.uniform(-13, wide ? -10.5 : -11.5)));
  const double drawn_falloff = wide && random.chance(0.5) ? random.uniform(0, 0.97) : random.uniform(0, 0.3);
  const double falloff = params.get("falloff", drawn_falloff);

  const float gain = float(std::exp2(exposure));
  FloatImage light = to_linear(gt);
  for (float& v : light.data) v *= gain;
  if (falloff > 0) light_unevenly(light, falloff, wide ? random.uniform(0.35, 0.9) : 0.9, random);  // 0.35: lamps at night
  FloatImage field(gt.width, gt.height, 3);
  fill_normal(field.data, random);
  expose(light.data.data(), field.data.data(), light.data.size(), float(black) * gain, float(shot), float(read));
  FloatImage out = to_srgb(light);
  encode(out.data.data(), out.data.size(), float(gamma));
  return out;
}

}  // namespace daclip
