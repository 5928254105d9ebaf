// Degradation "raindrop". Model: drops on a window or lens in front of the camera (RainDrop: Qian et al., "Attentive
// generative adversarial network for raindrop removal", CVPR 2018): O = (1 - M) B + M R. Each drop is a strong fish-eye
// lens. It shows the whole scene upside down, strongly demagnified and defocused, with the sky as a bright crescent at
// its lower end, and a rim that darkens because light leaves at grazing angles. The camera focuses on the scene, so all
// drops are seen through the same circle of confusion of radius c, and M is the convolution of two discs. A drop of
// radius r > c is opaque with an edge 2 c wide. A drop of r < c is a disc of radius c in one washed-out colour, with
// the opacity (r/c)^2, the fraction of the aperture that it covers. Drops cluster; unresolved droplets veil the glass
// where drops are dense, and water blurs slightly. Blending is done in linear light.
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
constexpr float kSurface = 0.5625f;  // (1 - 1 / kSupport^2)^2: the potential of a single lobe at its radius

struct Lobe {
  float x, y, inverse_x, inverse_y;  // centre; 1 / reach
};

struct Drop {
  float x, y, radius_x, radius_y;
  float inner, outer;  // distances from the outline to where the drop is opaque and to where it ends, pixels
  float opacity;
  float reach_x, reach_y;  // nothing is drawn beyond this distance
  float area;              // area of the scene that the drop hides, pixels
  float view;              // half the field of view over half the picture's size
  float mixing;            // extent over which the circle of confusion mixes the drop's image, over its radius
  float rim;               // 0-1: darkening towards the rim
  float scatter;           // 0-1: skylight reflected inside the drop towards the camera
  float glint;             // brightness of the highlight, linear light
  int lobes;
  std::array<Lobe, kLobes> lobe;
};

struct Scene {
  FloatImage small;  // blurred, reduced, linear light
  float factor;      // pixels of the photo per pixel of `small`
  float sky[3];
  float horizon;       // height of the horizon over the picture's, from the top; trees and houses hide the sky below
  FloatImage density;  // density of drops, 0-1, in the size of `small`
};

struct DropPlan {
  double coverage, size, spread, defocus, opacity, sky, film, blur;
};

DropPlan draw_plan(const Params& params, Random& random, Severity severity) {
  const bool training = severity == Severity::training;
  DropPlan p;
  const bool near = training && random.chance(0.25);  // the lens nearly touches the glass: few, wide and faint drops
  const bool sharp = training && random.chance(0.3);  // the camera focuses on the glass; the scene is out of focus
  p.coverage = params.get("coverage", training ? random.uniform(0.04, 0.45) : random.uniform(0.14, 0.3));
  p.size = params.get("size", std::exp2(sharp  ? random.uniform(1.2, 4)
                                        : near ? random.uniform(4, 5.3)
                                               : random.uniform(1.8, 4.5)));
  p.spread = params.get("spread", random.uniform(0.2, 0.6));
  p.defocus = params.get("defocus", p.size * std::exp2(random.uniform(sharp ? -4.3 : -2.3, sharp ? -1.7 : 0.7)));
  p.opacity = params.get("opacity", training ? random.uniform(near ? 0.4 : 0.5, 1) : random.uniform(0.7, 1));
  p.sky = params.get("sky", random.uniform(0.25, 0.95));
  p.film = params.get("film", random.chance(0.6) ? random.uniform(0, training ? 0.25 : 0.15) : 0);
  const double wet = random.chance(0.6) ? random.uniform(0.2, 0.7) : 0;
  p.blur = params.get("blur", sharp ? random.uniform(0.7, 3) : wet);
  return p;
}

Scene draw_scene(const FloatImage& linear, const DropPlan& plan, Random& random) {
  Scene scene;
  const int factor = std::max(1, (std::max(linear.width, linear.height) + 39) / 40);
  scene.factor = float(factor);
  scene.small = box_reduce(linear, factor);
  gaussian_blur(scene.small, 0.8 + 1.5 * plan.defocus / plan.size);
  scene.horizon = float(random.uniform(-0.2, 0.4));
  scene.density = value_noise(scene.small.width, scene.small.height, 20, 2, 0.5, random);
  // The sky outside the frame is at least as bright as the bright parts inside.
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

Drop draw_drop(const FloatImage& photo, const Scene& scene, const DropPlan& plan, double scale, Random& random) {
  Drop d;
  // varies because the glass is oblique
  const double confusion = std::max(0.7, plan.defocus * scale * random.uniform(0.85, 1.15));
  const double size = plan.size * scale * std::clamp(random_factor(random, plan.spread), 0.3, 3.0);
  const double covers = std::max({1.5, size, 0.4 * confusion});  // smaller drops belong to the film
  const double radius = std::max(covers, confusion);
  const float flat = float(std::min(1.0, confusion / covers));  // approaches 1 as the aperture's shape hides the drop's
  for (int tries = 0; tries < 3; ++tries) {                     // denser where the density field is higher
    d.x = float(random.uniform(-0.3 * radius, photo.width + 0.3 * radius));
    d.y = float(random.uniform(-0.3 * radius, photo.height + 0.3 * radius));
    const float dense = bilinear_sample(scene.density, d.x / scene.factor, d.y / scene.factor, 0);
    if (random.uniform() < double(smoothstep(0.15f, 0.75f, dense))) break;
  }
  const float share = float(std::min(1.0, covers * covers / (confusion * confusion)));
  d.opacity = float(plan.opacity * random.uniform(0.75, 1)) * share;
  d.radius_x = float(radius);
  // gravity elongates drops downwards
  d.radius_y = float(radius * (1 + (random.uniform(0.85, 1.3) - 1) * (1 - double(flat))));
  d.inner = d.outer = float(std::min(covers, confusion));
  d.mixing = float(confusion / covers);
  // The circle of confusion averages the part of the drop around the overlap's centre, which is nearer to the middle.
  d.view = float(random.uniform(1.1, 2)) * std::max(1.f, d.mixing) / (1.f + d.mixing * d.mixing);
  d.rim = float(random.uniform(0, 0.45)) * (1.f - 0.8f * flat);
  d.scatter = float(random.uniform(0, 0.35));
  d.glint = random.chance(0.15) ? float(random.uniform(0.1, 0.8)) * (1.f - flat) : 0.f;
  d.lobes = 1 + int(random.below(kLobes));
  if (flat >= 1.f) d.lobes = 1;
  float extent_x = d.radius_x, extent_y = d.radius_y;
  for (int i = 0; i < kLobes; ++i) {  // draws a constant count of numbers, so that drops do not affect each other's
    const float part = i == 0 ? 1.f : float(random.uniform(0.35, 0.75));
    const float x = i == 0 ? 0.f : float(random.uniform(-0.75, 0.75)) * d.radius_x;
    const float y = i == 0 ? 0.f : float(random.uniform(-1.1, 0.8)) * d.radius_y;
    d.lobe[size_t(i)] = {d.x + x, d.y + y, 1 / (kSupport * part * d.radius_x), 1 / (kSupport * part * d.radius_y)};
    if (i < d.lobes) {
      extent_x = std::max(extent_x, std::abs(x) + part * d.radius_x);
      extent_y = std::max(extent_y, std::abs(y) + part * d.radius_y);
    }
  }
  // One lobe's potential is highest 0.58 radii inside its outline, and ends 0.75 radii outside.
  d.inner = std::min(d.inner, 0.55f * d.radius_x);
  d.outer = std::min(d.outer, 0.74f * d.radius_x);
  d.area = 3.1f * extent_x * extent_y * share;
  d.reach_x = d.lobes > 1 ? 1.3f * extent_x + d.outer : extent_x + 1.2f * d.outer;
  d.reach_y = d.lobes > 1 ? 1.3f * extent_y + d.outer : extent_y + 1.2f * d.outer;
  d.radius_x = extent_x;
  d.radius_y = extent_y;
  return d;
}

// Approximate distance to the drop's outline in pixels, positive inside.
float depth_inside(const Drop& d, float x, float y) {
  float potential = 0;
  for (int i = 0; i < d.lobes; ++i) {
    const Lobe& lobe = d.lobe[size_t(i)];
    const float u = (x - lobe.x) * lobe.inverse_x, v = (y - lobe.y) * lobe.inverse_y;
    const float q = 1.f - (u * u + v * v);
    if (q > 0) potential += q * q;
  }
  const float slope = 1.5f;  // slope of one lobe's potential at its surface, per reach
  return (potential - kSurface) / (slope * d.lobe[0].inverse_x);
}

// Colour of the drop at (u, v) in [-1,1] of its extent.
void refract(const Drop& d, const Scene& scene, const FloatImage& photo, float u, float v, float* colour) {
  const float rho2 = std::min(1.f, u * u + v * v);
  const float bend = d.view * (0.65f + 0.35f * rho2);  // fish-eye: angles grow towards the rim
  const float x = 0.5f * float(photo.width) * (1.f - u * bend) * 0.8f + 0.2f * d.x;
  const float y = 0.5f * float(photo.height) * (1.f - v * bend);
  const float haze = 0.15f + 0.5f * d.mixing;  // half width of the blurred horizon
  const float above = 1.f - smoothstep(scene.horizon - haze, scene.horizon + haze, y / float(photo.height));
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

// A film of water between the drops blurs slightly and scatters light from the surroundings.
void wet_glass(FloatImage& out, const Scene& scene, const DropPlan& plan, double scale) {
  if (plan.blur > 0) gaussian_blur(out, plan.blur * scale);
  if (plan.film <= 0) return;
  FloatImage glow(scene.small.width, scene.small.height, 4);  // colour and opacity of the film
  for (size_t i = 0; i < glow.pixels(); ++i) {
    for (size_t c = 0; c < 3; ++c) glow.data[4 * i + c] = 0.7f * scene.small.data[3 * i + c] + 0.3f * scene.sky[c];
    glow.data[4 * i + 3] = 2.f * float(plan.film) * scene.density.data[i];
  }
  glow = bilinear_resize(glow, out.width, out.height, 1.0 / scene.factor);
  for (size_t i = 0; i < out.pixels(); ++i) {
    const float film = std::min(1.f, glow.data[4 * i + 3]);
    for (size_t c = 0; c < 3; ++c) out.data[3 * i + c] += film * (glow.data[4 * i + c] - out.data[3 * i + c]);
  }
}

void blend_drop(FloatImage& out, const FloatImage& photo, const Drop& d, const Scene& scene) {
  const int left = std::max(0, int(std::floor(d.x - d.reach_x)));
  const int right = std::min(out.width - 1, int(std::ceil(d.x + d.reach_x)));
  const int top = std::max(0, int(std::floor(d.y - d.reach_y)));
  const int bottom = std::min(out.height - 1, int(std::ceil(d.y + d.reach_y)));
  for (int y = top; y <= bottom; ++y) {
    float* row = out.row(y);
    for (int x = left; x <= right; ++x) {
      const float alpha = d.opacity * smoothstep(-d.outer, d.inner, depth_inside(d, float(x), float(y)));
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
      {"coverage", "", "area of the drops over the picture's area", 0, 1},
      {"size", "px", "median radius of a drop (photo up to 480 pixels high)", 1, 200},
      {"spread", "", "sigma of the log-normal factor on a drop's radius", 0, 1.5},
      {"defocus", "px", "radius of the circle of confusion at the glass (photo up to 480 pixels high)", 0, 100},
      {"opacity", "", "opacity of the drops", 0, 1},
      {"sky", "", "brightness of the sky seen in the drops, linear light", 0, 1},
      {"film", "", "mean fraction of light scattered by the wet glass between the drops", 0, 1},
      {"blur", "px", "standard deviation of the blur of wet glass, or of a scene out of focus", 0, 10},
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
    const Drop drop = draw_drop(gt, scene, plan, scale, random);
    blend_drop(out, gt, drop, scene);
    left -= double(drop.area);
  }
  return to_srgb(out);
}

}  // namespace daclip
