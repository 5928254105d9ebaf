// Degradation "shadowed". Model: in linear light the scene is lit by the sun and by the sky. Where an occluder hides
// the fraction s of the sun's disc, L = J (1 - s (1 - a_c)); a_c is the fraction of skylight in channel c, which is
// small and larger for blue. The edge's width is the penumbra (the sun spans half a degree, so it grows with distance
// from the occluder). Occluders are unions of signed distances: edges of buildings, boards, figures with limbs, hands,
// branches, foliage. Sunlight through foliage falls in round spots, which are images of the sun. Training adds poles,
// fences and leaves; its shadows of one picture fall in one direction, and the penumbra widens along it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "degrade/fields.h"
#include "degrade/kinds.h"
#include "degrade/occluders.h"
#include "degrade/streaks.h"

namespace daclip {

namespace {

double covered(const FloatImage& field) {
  const auto inside = std::count_if(field.data.begin(), field.data.end(), [](float v) { return v < 0; });
  return double(inside) / double(field.data.size());
}

// Grows or shrinks the shapes towards the wanted covered fraction, as far as they stay recognisable.
void adjust_coverage(FloatImage& field, double coverage, float most) {
  std::vector<float> sorted = field.data;
  const auto nth = sorted.begin() + std::ptrdiff_t(coverage * double(sorted.size() - 1));
  std::nth_element(sorted.begin(), nth, sorted.end());
  const float shift = std::clamp(*nth, -most, most);
  for (float& v : field.data) v -= shift;
}

struct ShadowPlan {
  double coverage, penumbra;
  int shapes;
  float share[3];  // fraction of the light that remains, linear
};

ShadowPlan draw_plan(const Params& params, Random& random, bool training) {
  ShadowPlan p;
  p.coverage = params.get("coverage", training ? random.uniform(0.1, 0.55) : random.uniform(0.3, 0.6));
  double drawn_skylight = training ? random.uniform(0.06, 0.5) : random.uniform(0.14, 0.36);
  if (training && random.chance(0.12)) drawn_skylight = random.uniform(0.5, 0.75);  // thin clouds, several lamps
  const double skylight = params.get("skylight", drawn_skylight);
  const double blue = params.get("blue", training ? random.uniform(-0.1, 1.1) : random.uniform(0, 0.6));
  const double green = params.get("green", training ? random.uniform(-0.06, 0.1) : 0);
  const double focus = random.uniform();
  // Training uses fewer soft edges: the edge is what distinguishes a shadow from shading.
  const double drawn_penumbra = 1.5 + (training ? 40 * focus : 28) * focus * focus;
  p.penumbra = params.get("penumbra", drawn_penumbra);
  p.shapes = int(params.get("shapes", double(training && random.chance(0.5) ? 1 : 1 + random.below(3))));
  p.share[0] = float(skylight * (1 - 0.3 * blue));
  p.share[1] = float(skylight * (1 + green));
  p.share[2] = float(skylight * (1 + 0.4 * blue));
  return p;
}

}  // namespace

const std::vector<DegradeParam>& shadow_params() {
  static const std::vector<DegradeParam> params = {
      {"coverage", "", "fraction of the picture in shadow, approximately", 0, 1},
      {"skylight", "", "fraction of the light that remains in full shadow, linear light", 0, 1},
      {"blue", "", "how much bluer the skylight is than the sun: 0 neutral, 1 twice as blue as red", -0.5, 1.5},
      {"green", "", "how much greener the light in the shadow is, as under leaves", -0.5, 0.5},
      {"penumbra", "px", "width of the soft edge (photo up to 480 pixels high)", 0, 200},
      {"shapes", "", "number of occluders; training adds up to three if they cover little", 1, 12},
  };
  return params;
}

FloatImage shadow(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool training = severity == Severity::training;
  const double scale = picture_scale(gt);
  const ShadowPlan plan = draw_plan(params, random, training);
  Field field(gt, training ? 2 : 4);
  const Frame frame = field.frame;
  std::vector<Spot> spots;
  const double heading = training ? random.uniform(0, 2 * std::numbers::pi) : 0;
  for (int i = 0; i < plan.shapes || (training && i < plan.shapes + 3 && covered(field) < 0.3 * plan.coverage); ++i)
    if (training)
      cast_for_training(field, heading, spots, random);
    else
      cast_for_paper(field, random);
  const double wobble = random.uniform(0, training ? 4 : 10) * scale;  // models uneven ground and outlines
  const FloatImage noise = value_noise(field.width, field.height, 0.12 * frame.size / field.grid, 2, 0.5, random);
  for (size_t i = 0; i < field.data.size(); ++i) field.data[i] += float(wobble) * (noise.data[i] - 0.5f);
  // In training, shapes keep more of their original size, so that a hand still looks like a hand.
  adjust_coverage(field, plan.coverage, (training ? 0.02f : 0.1f) * frame.size);
  const FloatImage distance = field.enlarged(gt);
  const FloatImage sky = value_noise(field.width, field.height, frame.size / field.grid, 2, 0.5, random);
  const FloatImage ambient = bilinear_resize(sky, gt.width, gt.height, 1.0 / field.grid);
  const FloatImage lit = sunlight(gt, spots, scale * plan.penumbra);

  // The penumbra widens across the picture, because the occluder's distance does.
  const double drawn = random.uniform(0, 2 * std::numbers::pi), widening = random.uniform(0, training ? 1 : 0.7);
  const double direction = training ? heading : drawn;
  const float slope_x = float(std::cos(direction) * widening / frame.width);
  const float slope_y = float(std::sin(direction) * widening / frame.height);
  const float variation = float(random.uniform(0, training ? 1 : 0.5));
  FloatImage out = to_linear(gt);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const size_t i = size_t(y) * size_t(out.width) + size_t(x);
      const float from_x = float(x) - 0.5f * frame.width, from_y = float(y) - 0.5f * frame.height;
      const float local = 1.f + 2 * (slope_x * from_x + slope_y * from_y);
      const float half = std::max(0.5f, 0.5f * float(scale * plan.penumbra) * local);
      const float hidden = smoothstep(-half, half, -distance.data[i]) * (1.f - lit.data[i]);
      const float brighter = 1.f + variation * (ambient.data[i] - 0.5f);
      for (size_t c = 0; c < 3; ++c)
        out.data[3 * i + c] *= 1.f - hidden * (1.f - std::min(1.f, plan.share[c] * brighter));
    }
  }
  return to_srgb(out);
}

}  // namespace daclip
