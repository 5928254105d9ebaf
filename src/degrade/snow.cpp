// Degradation "snowy". Model: O = J' (1 - m) + w m with J' = J (1 - v) + w v: white flakes over a veiled scene
// (Snow100K: Liu et al., "DesnowNet", 2018). The opacity m has three depths: distant unresolved grain, flakes in focus
// that move with the wind during the exposure, and near flakes defocused into faint discs. v is the veil of the snow in
// between.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "degrade/fields.h"
#include "degrade/kinds.h"
#include "degrade/streaks.h"

namespace daclip {

namespace {

constexpr double kMostFlakes = 100000;  // bounds the work for extreme parameters

struct SnowPlan {
  double amount, size, wind, speed, opacity, veil, defocused, grain;
};

SnowPlan draw_plan(const Params& params, Random& random, Severity severity) {
  const bool training = severity == Severity::training;
  SnowPlan p;
  const bool sparse = training && random.chance(0.3);  // few countable flakes, many of them near
  const double drawn_amount = training ? 0.09 * random_factor(random, 0.9) : 0.13 * random_factor(random, 0.45);
  p.amount = params.get("amount", sparse ? std::exp2(random.uniform(-8.5, -4.5)) : drawn_amount);
  const double drawn_size = random.uniform(1.2, 2.6);
  p.size = params.get("size", training && random.chance(0.35) ? 2 * drawn_size : drawn_size);
  p.wind = params.get("wind", random.uniform(-60, 60));
  const double drawn_speed = random.uniform(0, 2);
  p.speed = params.get("speed", training && random.chance(0.2) ? 2 + 3 * drawn_speed : drawn_speed);
  p.opacity = params.get("opacity", training ? random.uniform(0.5, 1) : random.uniform(0.75, 1));
  p.veil = params.get("veil", training ? random.uniform(0, 0.3) : random.uniform(0.02, 0.2));
  const double drawn_defocused = random.chance(0.7) ? random.uniform(0, 0.06) : 0;
  p.defocused = params.get("defocused", sparse ? std::exp2(random.uniform(-7, -3.5)) : drawn_defocused);
  const double drawn_grain = random.chance(0.6) ? random.uniform(0, training ? 0.25 : 0.3) : 0;
  p.grain = params.get("grain", sparse ? 0 : drawn_grain);
  return p;
}

// A flake is a clump of one to three crystals with the same motion.
void draw_clump(FloatImage& layer, Flake flake, Random& random) {
  const int crystals = 1 + int(random.below(3));
  const float x = flake.x, y = flake.y, radius = flake.radius;
  for (int i = 0; i < crystals; ++i) {
    flake.x = x + float(random.uniform(-0.8, 0.8)) * radius;
    flake.y = y + float(random.uniform(-0.8, 0.8)) * radius;
    flake.radius = radius * float(random.uniform(0.6, 1));
    draw_flake(layer, flake);
  }
}

void draw_flakes(FloatImage& layer, const SnowPlan& plan, double scale, Random& random) {
  const double radius = 0.5 * plan.size * scale, angle = plan.wind * std::numbers::pi / 180;
  const double path = 2 * radius * plan.speed;
  const double area = 3.2 * radius * radius * 1.9 + 2 * radius * path;
  const int count = int(std::min(kMostFlakes, plan.amount * double(layer.pixels()) / std::max(0.5, area)));
  const double focus = random.uniform(0.3, 1.2);
  for (int i = 0; i < count; ++i) {
    const double nearness = random_factor(random, 0.45);
    const double tilt = angle + 0.12 * random.normal(), length = path * nearness * random.uniform(0.5, 1.2);
    Flake flake;
    flake.x = float(random.uniform(-4, layer.width + 4));
    flake.y = float(random.uniform(-4, layer.height + 4));
    flake.motion_x = float(std::sin(tilt) * length);
    flake.motion_y = float(std::cos(tilt) * length);
    flake.radius = float(std::max(0.35, radius * nearness));
    flake.edge = float(std::max(0.5, 0.5 * focus * radius * nearness));
    flake.opacity = float(plan.opacity * random.uniform(0.4, 1));
    draw_clump(layer, flake, random);
  }
}

void draw_grain(FloatImage& layer, const SnowPlan& plan, double scale, Random& random) {
  StreakLayer grain;
  grain.angle = std::clamp(plan.wind, -60.0, 60.0);
  grain.angle_spread = 6;
  grain.width = random.uniform(0.6, 1.1) * scale;
  grain.length = grain.width * (1.5 + plan.speed);
  grain.coverage = plan.grain;
  grain.brightness = plan.opacity * random.uniform(0.3, 0.6);
  grain.brightness_spread = 0.8;
  draw_streaks(layer, grain, random);
  for (float& v : layer.data) v = std::min(v, 0.95f);
}

void draw_near(FloatImage& layer, const SnowPlan& plan, double scale, Random& random) {
  double left = plan.defocused * double(layer.pixels());
  for (int i = 0; left > 0 && i < 3000; ++i) {
    const double radius = scale * std::clamp(6 * random_factor(random, 0.5), 2.5, 30.0);
    const double path = random.uniform(0, 0.4) * plan.speed * radius, angle = plan.wind * std::numbers::pi / 180;
    Flake flake;
    flake.x = float(random.uniform(0, layer.width));
    flake.y = float(random.uniform(0, layer.height));
    flake.motion_x = float(std::sin(angle) * path);
    flake.motion_y = float(std::cos(angle) * path);
    flake.radius = float(radius);
    flake.edge = float(radius * random.uniform(0.15, 0.7));
    flake.opacity = float(plan.opacity * random.uniform(0.2, 0.8));
    flake.rim = float(random.uniform(0, 0.3));
    draw_flake(layer, flake);
    left -= 3.2 * radius * radius + 2 * radius * path;
  }
}

}  // namespace

const std::vector<DegradeParam>& snow_params() {
  static const std::vector<DegradeParam> params = {
      {"amount", "", "area of the flakes in focus over the picture's area", 0, 2},
      {"size", "px", "median diameter of a flake (photo up to 480 pixels high)", 0.5, 40},
      {"wind", "deg", "direction of the fall against the vertical, positive: towards the right", -90, 90},
      {"speed", "diameters", "path during the exposure in flake diameters", 0, 20},
      {"opacity", "", "opacity of the densest flakes", 0, 1},
      {"veil", "", "opacity of the unresolved snow in the distance", 0, 1},
      {"defocused", "", "area of near, defocused flakes over the picture's area", 0, 1},
      {"grain", "", "area of distant, barely resolved flakes over the picture's area", 0, 2},
  };
  return params;
}

FloatImage snow(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const SnowPlan plan = draw_plan(params, random, severity);
  const double scale = picture_scale(gt);
  FloatImage cover(gt.width, gt.height, 1);
  if (plan.grain > 0) draw_grain(cover, plan, scale, random);
  draw_flakes(cover, plan, scale, random);
  draw_near(cover, plan, scale, random);

  const float white = float(random.uniform(0.9, 1));
  const float blue = float(random.uniform(0, 0.04));
  const float tint[3] = {white - blue, white - 0.5f * blue, white};
  const FloatImage depth = value_noise(gt.width, gt.height, std::max(gt.width, gt.height), 3, 0.5, random);
  FloatImage out = gt;
  for (size_t i = 0; i < out.pixels(); ++i) {
    const float veil = float(plan.veil) * (0.4f + 0.6f * depth.data[i]);
    const float opacity = 1.f - (1.f - veil) * (1.f - cover.data[i]);
    for (size_t c = 0; c < 3; ++c) out.data[3 * i + c] += opacity * (tint[c] - out.data[3 * i + c]);
  }
  return out;
}

}  // namespace daclip
