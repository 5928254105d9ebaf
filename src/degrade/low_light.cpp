// Degradation "low-light". Model: a short exposure scales the scene's linear light, which is unevenly lit. The sensor
// adds shot noise (variance proportional to the light) and read noise, the black level crushes the darkest values, and
// the camera encodes by sRGB and a gamma into 8 bits. Ranges were measured on LOL: exposure 1/16-1/48, noise of about
// one level in the dark. Most dark photos contain something bright; training therefore adds steep tone curves that keep
// highlights, backlit scenes, and lamps at night.
#include <algorithm>
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

// Applies the tone curve and rounds to 8-bit levels.
DACLIP_HOT void encode(float* values, size_t n, float gamma) {
  for (size_t i = 0; i < n; ++i) {
    const float v = values[i] < 1e-6f ? 1e-6f : values[i];
    values[i] = float(int32_t(fast_pow(v, gamma) * 255.f + 0.5f)) / 255.f;
  }
}

// Multiplies linear light by an illumination between 1 - falloff and 1, with pools of light `size` times as wide as the
// photo.
void light_unevenly(FloatImage& light, double falloff, double size, Random& random) {
  const FloatImage field =
      value_noise(light.width, light.height, size * std::max(light.width, light.height), 2, 0.4, random);
  for (size_t i = 0; i < field.data.size(); ++i) {
    const float scale = 1 - float(falloff) * (1 - field.data[i]);
    for (size_t k = 0; k < 3; ++k) light.data[3 * i + k] *= scale;
  }
}

// Multiplies red by 2^(cast / 2) and divides blue by it.
void shift_colour(FloatImage& light, double cast) {
  const float factor = float(std::exp2(0.5 * cast));
  for (size_t i = 0; i < light.pixels(); ++i) {
    light.data[3 * i] *= factor;
    light.data[3 * i + 2] /= factor;
  }
}

// Raises linear light to the power `contrast`: white stays white, shadows get darker.
void steepen(FloatImage& light, double contrast) {
  for (float& v : light.data) v = v < 1e-6f ? 0.f : fast_pow(v, float(contrast));
}

// Regions that are bright as a whole (sky, windows) keep `stops` more light than the rest.
void light_from_behind(FloatImage& light, double stops) {
  const int factor = std::max(1, std::max(light.width, light.height) / 96);
  FloatImage glow = luma(box_reduce(light, factor));
  gaussian_blur(glow, 1.5);
  std::vector<float> sorted = glow.data;
  const auto bright = sorted.begin() + std::ptrdiff_t(sorted.size() * 19 / 20);
  std::nth_element(sorted.begin(), bright, sorted.end());
  const float scale = 1.f / std::max(0.02f, *bright);
  for (float& v : glow.data) v = fast_exp(float(stops) * 0.6931472f * smoothstep(0.3f, 0.8f, v * scale));
  glow = bilinear_resize(glow, light.width, light.height, 1.0 / factor);
  for (size_t i = 0; i < light.pixels(); ++i)
    for (size_t c = 0; c < 3; ++c) light.data[3 * i + c] *= glow.data[i];
}

// Each lamp lights its surroundings up to `stops` above the rest, warm or cold, and is itself visible or not.
void light_by_lamps(FloatImage& light, int lamps, double stops, Random& random) {
  const float size = float(std::max(light.width, light.height)), most = float(std::exp2(stops));
  constexpr int kGrid = 4;  // reduced resolution, because the pools of light are smooth
  FloatImage pools((light.width + kGrid - 1) / kGrid, (light.height + kGrid - 1) / kGrid, 3, 1.f);
  FloatImage sources(pools.width, pools.height, 3);
  for (int lamp = 0; lamp < lamps; ++lamp) {
    const float x0 = float(random.uniform(0, light.width)), y0 = float(random.uniform(0, 0.8 * light.height));
    const float reach = size * float(random.uniform(0.03, 0.22)), power = most * float(random.uniform(0.3, 1));
    const float warm = float(random.uniform(-0.15, 0.6)),
                seen = random.chance(0.6) ? float(random.uniform(0.2, 1.5)) : 0.f;
    const float radius = size * float(random.uniform(0.003, 0.015));
    const float colour[3] = {1.f, 1.f - 0.4f * warm, 1.f - 0.9f * warm};
    for (int y = 0; y < pools.height; ++y)
      for (int x = 0; x < pools.width; ++x) {
        const float dx = (float(x) + 0.5f) * kGrid - x0, dy = (float(y) + 0.5f) * kGrid - y0;
        const float distance = dx * dx + dy * dy, near = 1.f / (1.f + distance / (reach * reach));
        const float disc = seen / (1.f + distance / (radius * radius));
        for (int c = 0; c < 3; ++c) {
          pools.at(x, y, c) += power * colour[c] * near * near;
          sources.at(x, y, c) += colour[c] * disc * disc;
        }
      }
  }
  pools = bilinear_resize(pools, light.width, light.height, 1.0 / kGrid);
  sources = bilinear_resize(sources, light.width, light.height, 1.0 / kGrid);
  const float lit = 1.f / most;  // the brightest lit place looks approximately like the clean photo
  for (size_t i = 0; i < light.data.size(); ++i) light.data[i] = lit * light.data[i] * pools.data[i] + sources.data[i];
}

}  // namespace

const std::vector<DegradeParam>& low_light_params() {
  static const std::vector<DegradeParam> params = {
      {"exposure", "EV", "exposure against the clean photo, in stops", -8, 0},
      {"gamma", "", "exponent of the camera's tone curve after sRGB; above 1 is darker", 0.5, 3},
      {"black", "", "black level as a fraction of the exposed white", 0, 0.2},
      {"shot", "", "shot noise: variance per unit of linear light, full scale 1", 0, 0.01},
      {"read", "", "read noise: standard deviation in linear light, full scale 1", 0, 0.1},
      {"falloff", "", "uneven light: fraction that the darkest part loses", 0, 1},
      {"contrast", "", "exponent on linear light: above 1 shadows get darker, white stays", 1, 5},
      {"backlight", "EV", "stops by which regions that are bright as a whole exceed the rest", 0, 8},
      {"lamps", "", "number of lamps in the picture; they light their surroundings `exposure` brighter than the rest",
       0, 40},
      {"cast", "EV", "how much warmer the light is, red against blue in stops", -4, 4},
  };
  return params;
}

FloatImage low_light(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool wide = severity == Severity::training;
  double drawn_exposure = wide ? random.uniform(-5.8, -1.2) : random.uniform(-5.0, -3.4);
  const double gamma = params.get("gamma", wide ? random.uniform(0.85, 1.35) : random.uniform(0.95, 1.1));
  const double black = params.get("black", random.uniform(0, wide ? 0.02 : 0.008));
  const double shot = params.get("shot", std::exp2(random.uniform(-16, wide ? -13 : -14)));
  const double read = params.get("read", std::exp2(random.uniform(-13, wide ? -10.5 : -11.5)));
  const double drawn_falloff = wide && random.chance(0.5) ? random.uniform(0, 0.97) : random.uniform(0, 0.3);
  const double falloff = params.get("falloff", drawn_falloff);
  double drawn_contrast = 1, drawn_backlight = 0, drawn_lamps = 0;
  if (const double what = wide ? random.uniform() : 1; what < 0.2) {
    drawn_exposure = random.uniform(-2.6, -0.5);
    drawn_contrast = random.uniform(1.4, 2.8);
  } else if (what < 0.4) {
    drawn_exposure = random.uniform(-5, -2);
    drawn_backlight = -drawn_exposure * random.uniform(0.6, 1);
  } else if (what < 0.55) {
    drawn_exposure = random.uniform(-6.5, -3);
    drawn_lamps = double(1 + random.below(8));
  }
  const double cast = params.get("cast", wide && random.chance(0.5) ? random.uniform(-0.6, 0.6) : 0);
  const double exposure = params.get("exposure", drawn_exposure), contrast = params.get("contrast", drawn_contrast);
  const double backlight = params.get("backlight", drawn_backlight);
  const int lamps = int(params.get("lamps", drawn_lamps));

  const float gain = float(std::exp2(exposure));
  FloatImage light = to_linear(gt);
  if (contrast > 1) steepen(light, contrast);
  if (backlight > 0) light_from_behind(light, backlight);
  if (lamps > 0)
    light_by_lamps(light, lamps, -exposure, random);
  else
    for (float& v : light.data) v *= gain;
  if (cast != 0) shift_colour(light, cast);
  if (falloff > 0) light_unevenly(light, falloff, wide ? random.uniform(0.35, 0.9) : 0.9, random);
  FloatImage field(gt.width, gt.height, 3);
  fill_normal(field.data, random);
  expose(light.data.data(), field.data.data(), light.data.size(), float(black) * gain, float(shot), float(read));
  FloatImage out = to_srgb(light);
  encode(out.data.data(), out.data.size(), float(gamma));
  return out;
}

}  // namespace daclip
