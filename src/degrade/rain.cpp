// Degradation "rainy". Model: O = B (1 - v) + A v + sum_l R_l (1 - k B), clipped. This is the linear rain accumulation
// model of Rain100H (Yang et al., "Deep joint rain detection and removal", CVPR 2017) in display values, with a veil v
// of airlight A (distant drops that blend into mist). R_l are layers of grey streaks, each with its own direction,
// length, width and focus, over a smooth glow of unresolved drops that is brighter on one side of the picture, as in
// the renderings of SIRR (Wei et al., CVPR 2019) and in backlit rain. k = 0 only adds light, as in Rain100H and most
// synthetic sets; k = 1 is the screen blend, in which bright sky shows no streaks.
#include <algorithm>
#include <cmath>

#include "degrade/fields.h"
#include "degrade/kinds.h"
#include "degrade/streaks.h"

namespace daclip {

namespace {

enum class Style {
  heavy,     // Rain100H: dense bright streaks, often in several directions
  curtain,   // long, wide, faint bands of near and distant rain, nearly vertical
  light,     // fine sparse streaks, a few near ones, mist
  downpour,  // short thin streaks at every distance, visible only against dark parts; mist
};

struct RainPlan {
  Style style;
  int layers;
  double angle, spread, length, width, strength, glow, veil, hiding, jitter, unevenness;
};

RainPlan draw_plan(const Params& params, Random& random, Severity severity) {
  const bool training = severity == Severity::training;
  RainPlan p;
  const double kind = random.uniform();
  p.style = !training || kind < 0.2 ? Style::heavy
            : kind < 0.45           ? Style::curtain
            : kind < 0.6            ? Style::light
                                    : Style::downpour;
  const double directions = random.uniform();
  int layers = directions < 0.64 ? 1 : (directions < 0.94 ? 2 : 3);
  const double tilt = random.chance(training ? 0.7 : 0.92) ? 18 : 48;
  double angle = random.uniform(-tilt, tilt), spread = random.uniform(0.2, 3);
  double length = random.uniform(40, 160), width = random.uniform(1.2, 2.1);
  double strength = std::clamp(0.235 * random_factor(random, training ? 0.65 : 0.45), 0.03, 0.5);
  double glow = 0;
  double veil = random.chance(0.6) ? 0 : random.uniform(0, 0.1);
  double hiding = training && random.chance(0.3) ? random.uniform(0, 1) : 0;
  double jitter = random.chance(0.4) ? random.uniform(0, 0.25) : 0;
  double unevenness = random.chance(0.5) ? random.uniform(0, 0.8) : 0;
  if (p.style == Style::curtain) {
    angle *= 0.5;
    layers = 1;
    length = random.uniform(50, 220);
    width = random.uniform(1.2, 4);
    const double streaks = random.uniform(0.025, 0.09), shine = random.chance(0.35) ? 0 : random.uniform(0, 0.22);
    strength = streaks + shine;  // more rain glows more; the streaks stay about equally strong
    glow = shine / strength;
    veil = random.chance(0.8) ? 0 : random.uniform(0, 0.1);
    unevenness = random.uniform(0, 1);
  } else if (p.style == Style::light) {
    layers = 1;
    length = random.uniform(8, 45);
    width = random.uniform(0.8, 1.8);
    strength = random.uniform(0.012, 0.13);
    glow = random.chance(0.5) ? 0 : random.uniform(0, 0.5);
    hiding = random.chance(0.5) ? random.uniform(0, 1) : 0;
    veil = random.uniform(0, 0.35);
  } else if (p.style == Style::downpour) {
    layers = 1;
    spread = random.uniform(0.5, 7);
    length = std::exp2(random.uniform(2.3, 5.4));
    width = random.uniform(0.8, 2);
    strength = std::exp2(random.uniform(-4.6, -2.2));
    glow = 0;
    hiding = random.uniform(0.6, 1);
    veil = random.chance(0.3) ? 0 : random.uniform(0, 0.45);
    unevenness = random.uniform(0, 1);
  }
  p.layers = int(params.get("layers", layers));
  p.angle = params.get("angle", angle);
  p.spread = params.get("spread", spread);
  p.length = params.get("length", length);
  p.width = params.get("width", width);
  p.strength = params.get("strength", strength);
  p.glow = params.get("glow", glow);
  p.veil = params.get("veil", veil);
  p.hiding = params.get("hiding", hiding);
  p.jitter = params.get("jitter", jitter);
  p.unevenness = params.get("unevenness", unevenness);
  return p;
}

// One of three looks of Rain100H's layers: brushed (thin, varied, adding up), drawn (crisp equal lines that saturate),
// or soft (short and defocused).
StreakLayer heavy_layer(const RainPlan& plan, double scale, Random& random) {
  StreakLayer s;
  s.angle_spread = plan.spread;
  s.length = plan.length * scale * random_factor(random, 0.25);
  s.width = plan.width * scale * random_factor(random, 0.2);
  const double look = random.uniform();
  if (look < 0.5) {
    s.coverage = random.uniform(0.8, 2.5);
    s.brightness_spread = random.uniform(0.5, 1);
    s.soft = random.chance(0.5);
  } else if (look < 0.8) {
    s.coverage = random.uniform(0.3, 0.9);
    s.brightness_spread = random.uniform(0, 0.3);
    s.length *= random.uniform(1, 1.8);
    s.size_spread = 0.5;
    s.soft = false;
    s.add = random.chance(0.3);
  } else {
    s.coverage = random.uniform(0.4, 1.2);
    s.brightness_spread = random.uniform(0.4, 1);
    s.length *= random.uniform(0.4, 0.8);
    s.width *= 1.4;
  }
  return s;
}

void draw_heavy(FloatImage& rain, const RainPlan& plan, double scale, Random& random) {
  for (int l = 0; l < plan.layers; ++l) {
    const double side = random.chance(0.5) ? 1 : -1, most = random.chance(0.85) ? 25 : 45;
    const double turn = side * random.uniform(6, most);
    const double angle = l == 0 ? plan.angle : std::clamp(plan.angle + turn, -60.0, 60.0);
    const int depths = random.chance(0.4) ? 2 : 1;
    for (int i = 0; i < depths; ++i) {
      StreakLayer s = heavy_layer(plan, scale, random);
      s.angle = angle;
      s.brightness = random.uniform(0.5, 1);
      draw_streaks(rain, s, random);
    }
  }
  if (random.chance(0.35)) {  // near streaks, wide and defocused
    StreakLayer near;
    near.angle = plan.angle;
    near.angle_spread = plan.spread;
    near.length = plan.length * scale * random.uniform(1.2, 2.5);
    near.width = plan.width * scale * random.uniform(3, 6);
    near.coverage = random.uniform(0.2, 0.8);
    near.brightness = random.uniform(0.3, 0.7);
    draw_streaks(rain, near, random);
  }
}

void draw_curtain(FloatImage& rain, const RainPlan& plan, double scale, Random& random) {
  StreakLayer s;
  s.angle = plan.angle;
  s.angle_spread = 0.3 * plan.spread;
  s.length = plan.length * scale;
  s.width = plan.width * scale;
  s.coverage = random.uniform(0.5, 2);
  s.brightness = 1;
  s.brightness_spread = 0.9;
  draw_streaks(rain, s, random);
  s.length *= 1.3;
  s.width *= random.uniform(2.5, 6);
  s.coverage = random.uniform(0.8, 2.5);
  s.brightness = random.uniform(0.4, 0.9);
  draw_streaks(rain, s, random);
}

void draw_light(FloatImage& rain, const RainPlan& plan, double scale, Random& random) {
  StreakLayer s;
  s.angle = plan.angle;
  s.angle_spread = plan.spread;
  s.length = plan.length * scale;
  s.width = plan.width * scale;
  s.coverage = random.uniform(0.1, 1.5);
  s.brightness = 1;
  s.brightness_spread = 0.8;
  draw_streaks(rain, s, random);
  s.length *= random.uniform(1.5, 3);
  s.width *= random.uniform(1.5, 3);
  s.coverage = random.uniform(0.02, 0.2);
  s.brightness = random.uniform(0.5, 1);
  draw_streaks(rain, s, random);
}

// The same drops at three distances.
void draw_downpour(FloatImage& rain, const RainPlan& plan, double scale, Random& random) {
  StreakLayer s;
  s.angle = plan.angle;
  s.angle_spread = plan.spread;
  s.brightness_spread = 0.9;
  s.size_spread = 0.4;
  double nearness = 0.6;
  for (const double most : {1.6, 0.5, 0.06}) {
    s.length = std::max(2.0, plan.length * scale * nearness);
    s.width = std::max(0.7, plan.width * scale * nearness);
    s.coverage = most * random.uniform(0.15, 1);
    s.brightness = random.uniform(0.4, 1);
    draw_streaks(rain, s, random);
    nearness *= random.uniform(1.5, 2.6);
  }
}

// Scales the layer to the mean brightness `strength`, so that the result's PSNR hardly depends on the layers drawn. No
// streak gets brighter than `peak`.
void normalise(FloatImage& rain, double strength, float peak) {
  double sum = 0;
  for (float v : rain.data) sum += v;
  if (sum <= 0) return;
  const float gain = float(strength * double(rain.data.size()) / sum);
  for (float& v : rain.data) v = std::min(peak, v * gain);
}

// Moves a fraction of the layer's light into a glow, which is smooth and varies on the scale of the picture.
void add_glow(FloatImage& rain, double share, Random& random) {
  if (share <= 0) return;
  double sum = 0;
  for (float v : rain.data) sum += double(v);
  const float mean = float(sum / double(rain.data.size()));
  const double cell = std::max(rain.width, rain.height) * random.uniform(0.4, 1.2);
  const float depth = float(std::min(1.0, random.uniform(0.5, 1.6))), kept = float(1 - share),
              added = 2.f * float(share) * mean;
  const FloatImage field = value_noise(rain.width, rain.height, cell, 2, 0.4, random);
  for (size_t i = 0; i < rain.data.size(); ++i)
    rain.data[i] = kept * rain.data[i] + added * (0.5f + depth * (field.data[i] - 0.5f));
}

void vary(FloatImage& rain, const RainPlan& plan, Random& random) {
  if (plan.unevenness > 0) {  // gusts: denser and thinner regions of rain
    const double cell = std::max(rain.width, rain.height);
    const FloatImage gusts = value_noise(rain.width, rain.height, cell, 2, 0.4, random);
    const float depth = float(plan.unevenness);
    for (size_t i = 0; i < rain.data.size(); ++i) rain.data[i] *= 1.f - depth * gusts.data[i];
  }
  if (plan.jitter > 0) {
    FloatImage grain(rain.width, rain.height, 1);
    fill_uniform(grain.data, random);
    const float depth = float(plan.jitter);
    for (size_t i = 0; i < rain.data.size(); ++i) rain.data[i] *= 1.f - depth * grain.data[i];
  }
}

}  // namespace

const std::vector<DegradeParam>& rain_params() {
  static const std::vector<DegradeParam> params = {
      {"strength", "display value", "mean brightness added by the streaks", 0, 1},
      {"layers", "", "number of directions of heavy rain", 1, 5},
      {"angle", "deg", "main direction against the vertical, positive: falls towards the right", -60, 60},
      {"spread", "deg", "standard deviation of the direction among the streaks of a layer", 0, 20},
      {"length", "px", "median length of a streak (photo up to 480 pixels high)", 2, 400},
      {"width", "px", "median width of a streak", 0.5, 20},
      {"glow", "", "fraction of the added light that is smooth, from unresolved drops", 0, 1},
      {"veil", "", "opacity of the mist between the streaks", 0, 1},
      {"hiding", "", "opacity of a streak: 0 only adds light, 1 is the screen blend", 0, 1},
      {"jitter", "", "relative grain within the streaks", 0, 1},
      {"unevenness", "", "reduction of the rain in the thinnest parts of the picture", 0, 1},
  };
  return params;
}

FloatImage rain(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const RainPlan plan = draw_plan(params, random, severity);
  const double scale = picture_scale(gt);
  FloatImage streaks(gt.width, gt.height, 1);
  switch (plan.style) {
    case Style::heavy: draw_heavy(streaks, plan, scale, random); break;
    case Style::curtain: draw_curtain(streaks, plan, scale, random); break;
    case Style::light: draw_light(streaks, plan, scale, random); break;
    case Style::downpour: draw_downpour(streaks, plan, scale, random); break;
  }
  vary(streaks, plan, random);
  add_glow(streaks, plan.glow, random);
  normalise(streaks, plan.strength, 0.7f);

  const float airlight = float(random.uniform(0.7, 0.9)), hiding = float(plan.hiding);
  FloatImage mist(gt.width, gt.height, 1);
  if (plan.veil > 0) {
    mist = value_noise(gt.width, gt.height, std::max(gt.width, gt.height), 2, 0.4, random);
    for (float& v : mist.data) v = float(plan.veil) * (0.5f + 0.5f * v);
  }
  FloatImage out = gt;
  for (size_t i = 0; i < out.pixels(); ++i) {
    float* pixel = &out.data[3 * i];
    const float r = streaks.data[i], v = mist.data[i];
    for (int c = 0; c < 3; ++c) {
      const float behind = pixel[c] * (1.f - v) + airlight * v;
      pixel[c] = behind + r * (1.f - hiding * behind);
    }
  }
  return out;
}

}  // namespace daclip
