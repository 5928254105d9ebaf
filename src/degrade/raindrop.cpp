// raindrop. Model: drops on a window or lens in front of the camera (RainDrop: Qian et al., "Attentive generative
// adversarial network for raindrop removal", CVPR 2018): O = (1 - M) B + M R. Each drop is a strong fish-eye lens: it
// shows the whole scene upside down, strongly demagnified, out of focus, with the sky as a bright crescent at its lower
// end and a rim that darkens as the light leaves at grazing angles. The camera focuses on the scene, so the drop's
// outline is soft. Wet glass between the drops blurs and scatters a little. Blending is done in linear light.
#include <algorithm>
#include <array>
#include <cmath>

#include "degrade/fields.h"
#include "degrade/kinds.h"
#include "degrade/streaks.h"

namespace daclip {

namespace {

constexpr int kMostDrops = 4000;
constexpr int kLobes = 3;
constexpr float kSupport = 2.f;      // reach of a lobe's potential over its radius
constexpr float kSurface = 0.5625f;  // (1 - 1 / kSupport^2)^2: the potential where one lobe alone has its radius

struct Lobe {
  float x, y, inverse_x, inverse_y;  // centre; 1 / reach
};

struct Drop {
  float x, y, radius_x, radius_y, edge, opacity;
  float reach_x, reach_y;  // nothing is drawn beyond
  float view;        // half the field of view over the picture's half size
  float rim;         // 0-1: darkening towards the rim
  float scatter;     // 0-1: skylight that reaches the camera by reflection inside the drop
  float glint;       // added by the highlight, linear light
  int lobes;
  std::array<Lobe, kLobes> lobe;
};

struct Scene {
  FloatImage small;   // blurred, reduced, linear light
  float factor;       // pixels of the photo per pixel of `small`
  float sky[3];
};

struct DropPlan {
  double coverage, size, defocus, opacity, sky, film, blur;
};

DropPlan draw_plan(const Params& params, Random& random, Severity severity) {
  const bool training = severity == Severity::training;
  const bool large = random.chance(0.35);  // few, large and far out of focus; else many small ones
  DropPlan p;
  p.coverage = params.get("coverage", training ? random.uniform(0.06, 0.5) : random.uniform(0.19, 0.38));
  p.size = params.get("size", large ? random.uniform(16, 32) : random.uniform(5, 13));
  p.defocus = params.get("defocus", large ? random.uniform(0.5, 1) : random.uniform(0.35, 0.85));
  p.opacity = params.get("opacity", random.uniform(0.7, 1));
  p.sky = params.get("sky", random.uniform(0.25, 0.85));
  p.film = params.get("film", random.chance(0.6) ? random.uniform(0, 0.12) : 0);
  p.blur = params.get("blur", random.chance(0.6) ? random.uniform(0.2, 0.7) : 0);
  return p;
}

Scene draw_scene(const FloatImage& linear, const DropPlan& plan, Random& random) {
  Scene scene;
  const int factor = std::max(1, (std::max(linear.width, linear.height) + 39) / 40);
  scene.factor = float(factor);
  scene.small = box_reduce(linear, factor);
  gaussian_blur(scene.small, 0.8 + 2.5 * plan.defocus);
  // The sky outside of the frame is at least as bright as the bright parts within.
  const double light = plan.sky * random.uniform(0.75, 1), bluish[3] = {0.82, 0.92, 1};
  std::vector<float> levels(scene.small.pixels());
  for (int c = 0; c < 3; ++c) {
    for (size_t i = 0; i < levels.size(); ++i) levels[i] = scene.small.data[3 * i + size_t(c)];
    const auto bright = levels.begin() + std::ptrdiff_t(levels.size() * 9 / 10);
    std::nth_element(levels.begin(), bright, levels.end());
    scene.sky[c] = std::max(float(light * bluish[c]), *bright);
  }
  return scene;
}

Drop draw_drop(const FloatImage& photo, const DropPlan& plan, double scale, Random& random) {
  Drop d;
  const double radius = std::max(1.5, plan.size * scale * std::clamp(random_factor(random, 0.4), 0.35, 2.5));
  d.x = float(random.uniform(-0.3 * radius, photo.width + 0.3 * radius));
  d.y = float(random.uniform(-0.3 * radius, photo.height + 0.3 * radius));
  d.radius_x = float(radius);
  d.radius_y = float(radius * random.uniform(0.85, 1.3));  // gravity draws drops down
  d.edge = float(std::max(0.7, radius * plan.defocus * random.uniform(0.5, 1)));
  d.opacity = float(plan.opacity * random.uniform(0.75, 1));
  d.view = float(random.uniform(1.1, 2));
  d.rim = float(random.uniform(0, 0.45));
  d.scatter = float(random.uniform(0, 0.35));
  d.glint = random.chance(0.15) ? float(random.uniform(0.1, 0.8)) : 0.f;
  d.lobes = 1 + int(random.below(kLobes));
  float extent_x = d.radius_x, extent_y = d.radius_y;
  d.reach_x = kSupport * d.radius_x;
  d.reach_y = kSupport * d.radius_y;
  for (int i = 0; i < kLobes; ++i) {  // always as many numbers, so that drops do not shift each other's
    const float size = i == 0 ? 1.f : float(random.uniform(0.35, 0.75));
    const float x = i == 0 ? 0.f : float(random.uniform(-0.75, 0.75)) * d.radius_x;
    const float y = i == 0 ? 0.f : float(random.uniform(-1.1, 0.8)) * d.radius_y;
    d.lobe[size_t(i)] = {d.x + x, d.y + y, 1 / (kSupport * size * d.radius_x), 1 / (kSupport * size * d.radius_y)};
    if (i < d.lobes) {
      extent_x = std::max(extent_x, std::abs(x) + size * d.radius_x);
      extent_y = std::max(extent_y, std::abs(y) + size * d.radius_y);
      d.reach_x = std::max(d.reach_x, std::abs(x) + kSupport * size * d.radius_x);
      d.reach_y = std::max(d.reach_y, std::abs(y) + kSupport * size * d.radius_y);
    }
  }
  d.radius_x = extent_x;
  d.radius_y = extent_y;
  return d;
}

// Distance to the drop's outline in pixels, about; positive inside.
float depth_inside(const Drop& d, float x, float y) {
  float potential = 0;
  for (int i = 0; i < d.lobes; ++i) {
    const Lobe& lobe = d.lobe[size_t(i)];
    const float u = (x - lobe.x) * lobe.inverse_x, v = (y - lobe.y) * lobe.inverse_y;
    const float q = 1.f - (u * u + v * v);
    if (q > 0) potential += q * q;
  }
  const float slope = 1.5f;  // of one lobe's potential at its surface, per reach
  return (potential - kSurface) / (slope * d.lobe[0].inverse_x);
}

// What the drop shows at (u, v) in [-1,1] of its extent.
void refract(const Drop& d, const Scene& scene, const FloatImage& photo, float u, float v, float* colour) {
  const float rho2 = std::min(1.f, u * u + v * v);
  const float bend = d.view * (0.65f + 0.35f * rho2);  // fish-eye: angles grow towards the rim
  const float x = 0.5f * float(photo.width) * (1.f - u * bend) * 0.8f + 0.2f * d.x;
  const float y = 0.5f * float(photo.height) * (1.f - v * bend);
  const float above = 1.f - smoothstep(-0.25f * float(photo.height), 0.12f * float(photo.height), y);
  const float sky = above + (1.f - above) * d.scatter;
  const float rim = 1.f - d.rim * rho2 * rho2 * (v < 0.3f ? 1.f : 0.3f);
  const float gu = u + 0.1f, gv = v - 0.45f;
  const float glint = d.glint * std::max(0.f, 1.f - 12.f * (gu * gu + gv * gv));
  const float small_x = (x + 0.5f) / scene.factor - 0.5f, small_y = (y + 0.5f) / scene.factor - 0.5f;
  for (int c = 0; c < 3; ++c) {
    const float seen = bilinear_sample(scene.small, small_x, small_y, c);
    colour[c] = std::min(1.f, (seen + sky * (scene.sky[c] - seen)) * rim + glint);
  }
}

// Between the drops a film of water blurs a little and scatters the neighbourhood's light.
void wet_glass(FloatImage& out, const Scene& scene, const DropPlan& plan, double scale) {
  if (plan.blur > 0) gaussian_blur(out, plan.blur * scale);
  if (plan.film <= 0) return;
  const FloatImage scattered = bilinear_resize(scene.small, out.width, out.height, 1.0 / scene.factor);
  const float film = float(plan.film);
  for (size_t i = 0; i < out.pixels(); ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const float glow = 0.7f * scattered.data[3 * i + c] + 0.3f * scene.sky[c];
      out.data[3 * i + c] += film * (glow - out.data[3 * i + c]);
    }
  }
}

void blend_drop(FloatImage& out, const FloatImage& photo, const Drop& d, const Scene& scene) {
  const int left = std::max(0, int(std::floor(d.x - d.reach_x)));
  const int right = std::min(out.width - 1, int(std::ceil(d.x + d.reach_x)));
  const int top = std::max(0, int(std::floor(d.y - d.reach_y)));
  const int bottom = std::min(out.height - 1, int(std::ceil(d.y + d.reach_y)));
  // The potential ends 0.75 radii outside of the outline.
  const float outer = std::min(d.edge, 0.74f / (kSupport * d.lobe[0].inverse_x));
  for (int y = top; y <= bottom; ++y) {
    float* row = out.row(y);
    for (int x = left; x <= right; ++x) {
      const float alpha = d.opacity * smoothstep(-outer, d.edge, depth_inside(d, float(x), float(y)));
      if (alpha < 0.002f) continue;
      float colour[3];
      refract(d, scene, photo, (float(x) - d.x) / d.radius_x, (float(y) - d.y) / d.radius_y, colour);
      for (int c = 0; c < 3; ++c) row[3 * x + c] += alpha * (colour[c] - row[3 * x + c]);
    }
  }
}

}  // namespace

const std::vector<DegradeParam>& raindrop_params() {
  static const std::vector<DegradeParam> params = {
      {"coverage", "", "area of the drops over the picture's", 0, 1},
      {"size", "px", "median radius of a drop (photo up to 480 pixels high)", 1, 200},
      {"defocus", "", "half width of a drop's soft outline over its radius", 0, 1.5},
      {"opacity", "", "of the drops", 0, 1},
      {"sky", "", "brightness of the sky that drops show, linear light", 0, 1},
      {"film", "", "share of the light that the wet glass between the drops scatters", 0, 1},
      {"blur", "px", "standard deviation of the blur by the wet glass", 0, 10},
  };
  return params;
}

FloatImage raindrop(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const DropPlan plan = draw_plan(params, random, severity);
  const double scale = picture_scale(gt);
  const FloatImage linear = to_linear(gt);
  const Scene scene = draw_scene(linear, plan, random);
  FloatImage out = linear;
  wet_glass(out, scene, plan, scale);
  double left = plan.coverage * double(gt.pixels());
  for (int i = 0; left > 0 && i < kMostDrops; ++i) {
    const Drop drop = draw_drop(gt, plan, scale, random);
    blend_drop(out, gt, drop, scene);
    left -= 3.1 * double(drop.radius_x) * double(drop.radius_y);
  }
  return to_srgb(out);
}

}  // namespace daclip
