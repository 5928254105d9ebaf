// Degradation "shadowed". Model: in linear light the scene is lit by the sun and by the sky. Where an occluder hides
// the fraction s of the sun's disc, L = J (1 - s (1 - a_c)); a_c is the fraction of skylight in channel c, which is
// small and larger for blue. The edge's width is the penumbra (the sun spans half a degree, so it grows with distance
// from the occluder). Occluders are unions of signed distances: edges of buildings, boards, figures with limbs, hands,
// branches, foliage. Sunlight through foliage falls in round spots, which are images of the sun.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "degrade/fields.h"
#include "degrade/kinds.h"
#include "degrade/streaks.h"

namespace daclip {

namespace {

constexpr float kFar = 1e6f;
// distances are smooth: they are computed on every 4th pixel, and edges come from the enlarged field
constexpr int kGrid = 4;

struct Point {
  float x, y;
};

// Evaluates distance(x, y) at every grid point and keeps the minimum, which gives a union. Coordinates are in pixels.
template <typename Distance>
void unite(FloatImage& field, Distance distance) {
  for (int y = 0; y < field.height; ++y) {
    float* row = field.row(y);
    const float py = (float(y) + 0.5f) * kGrid - 0.5f;
    for (int x = 0; x < field.width; ++x) row[x] = std::min(row[x], distance((float(x) + 0.5f) * kGrid - 0.5f, py));
  }
}

// A limb that tapers from radius ra at a to rb at b.
void unite_limb(FloatImage& field, Point a, float ra, Point b, float rb) {
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float inverse = 1.f / std::max(1e-6f, dx * dx + dy * dy);
  unite(field, [=](float x, float y) {
    const float t = std::clamp(((x - a.x) * dx + (y - a.y) * dy) * inverse, 0.f, 1.f);
    const float ex = x - a.x - t * dx, ey = y - a.y - t * dy;
    return std::sqrt(ex * ex + ey * ey) - (ra + t * (rb - ra));
  });
}

void unite_ellipse(FloatImage& field, Point centre, float rx, float ry) {
  unite(field, [=](float x, float y) {
    const float u = (x - centre.x) / rx, v = (y - centre.y) / ry;
    return (std::sqrt(u * u + v * v) - 1.f) * std::min(rx, ry);
  });
}

void unite_half_plane(FloatImage& field, Point point, float nx, float ny) {
  unite(field, [=](float x, float y) { return (x - point.x) * nx + (y - point.y) * ny; });
}

// Interior of a closed polygon of any winding (distance to the nearest side, negative inside).
void unite_polygon(FloatImage& field, const std::vector<Point>& corners) {
  unite(field, [&corners](float x, float y) {
    float nearest = kFar * kFar;
    bool inside = false;
    for (size_t i = 0, j = corners.size() - 1; i < corners.size(); j = i++) {
      const Point a = corners[j], b = corners[i];
      const float dx = b.x - a.x, dy = b.y - a.y, px = x - a.x, py = y - a.y;
      const float t = std::clamp((px * dx + py * dy) / std::max(1e-6f, dx * dx + dy * dy), 0.f, 1.f);
      const float ex = px - t * dx, ey = py - t * dy;
      nearest = std::min(nearest, ex * ex + ey * ey);
      if ((a.y > y) != (b.y > y) && x < a.x + (y - a.y) * dx / dy) inside = !inside;
    }
    return inside ? -std::sqrt(nearest) : std::sqrt(nearest);
  });
}

struct Frame {
  float width, height, size;  // pixels; size is the shorter side
  Point inside(Random& random) const {
    const float x = float(random.uniform(0.05, 0.95)) * width;
    return {x, float(random.uniform(0.05, 0.95)) * height};
  }
};

Point step(Point from, double angle, double length) {
  return {from.x + float(std::cos(angle) * length), from.y + float(std::sin(angle) * length)};
}

void cast_building(FloatImage& field, const Frame& frame, Random& random) {
  const double angle = random.uniform(0, 2 * std::numbers::pi);
  const Point at = frame.inside(random);
  unite_half_plane(field, at, float(std::cos(angle)), float(std::sin(angle)));
}

void cast_board(FloatImage& field, const Frame& frame, Random& random) {
  const Point centre = frame.inside(random);
  const int corners = 3 + int(random.below(5));
  const double start = random.uniform(0, 2 * std::numbers::pi), size = frame.size * random.uniform(0.15, 0.55);
  std::vector<Point> polygon;
  for (int i = 0; i < corners; ++i) {
    const double angle = start + 2 * std::numbers::pi * (i + random.uniform(-0.3, 0.3)) / corners;
    polygon.push_back(step(centre, angle, size * random.uniform(0.6, 1.2)));
  }
  unite_polygon(field, polygon);
}

// A figure: long body from a border, head, arms.
void cast_figure(FloatImage& field, const Frame& frame, Random& random) {
  const Point head = frame.inside(random);
  const double size = frame.size * random.uniform(0.08, 0.2), down = random.uniform(0, 2 * std::numbers::pi);
  const float head_x = float(size * random.uniform(0.7, 1.1)), head_y = float(size * random.uniform(0.7, 1.1));
  unite_ellipse(field, head, head_x, head_y);
  const Point chest = step(head, down, 1.9 * size);
  unite_limb(field, head, float(0.4 * size), chest, float(1.3 * size));
  unite_limb(field, chest, float(1.3 * size), step(chest, down, 4 * size), float(0.9 * size));
  const Point feet = step(chest, down + random.uniform(-0.3, 0.3), 12 * size);
  unite_limb(field, chest, float(1.2 * size), feet, float(0.5 * size));
  for (int side = -1; side <= 1; side += 2) {
    const double raised = side * random.uniform(0.3, 2.4);
    const Point elbow = step(chest, down + raised, random.uniform(1.5, 3) * size);
    unite_limb(field, chest, float(0.5 * size), elbow, float(0.4 * size));
    unite_limb(field, elbow, float(0.4 * size), step(elbow, down + raised + random.uniform(-1.5, 1.5), 2.2 * size),
               float(0.3 * size));
  }
}

// An arm from outside the picture, with fingers spread or closed.
void cast_hand(FloatImage& field, const Frame& frame, Random& random) {
  const Point palm = frame.inside(random);
  const double size = frame.size * random.uniform(0.05, 0.12), heading = random.uniform(0, 2 * std::numbers::pi);
  unite_limb(field, palm, float(0.9 * size), step(palm, heading, 1.2 * size), float(size));
  const Point wrist = step(palm, heading + std::numbers::pi, 1.3 * size);
  unite_limb(field, palm, float(0.8 * size), wrist, float(0.6 * size));
  const Point elbow = step(wrist, heading + std::numbers::pi + random.uniform(-0.4, 0.4), 1.2 * frame.size);
  unite_limb(field, wrist, float(0.6 * size), elbow, float(1.6 * size));
  const double spread = random.uniform(0.1, 0.5);
  for (int finger = -2; finger <= 2; ++finger) {
    const double angle = heading + finger * spread, reach = random.uniform(1.0, 2.6) * size;
    const Point knuckle = step(palm, heading + finger * 0.4, 1.2 * size);
    unite_limb(field, knuckle, float(0.3 * size), step(knuckle, angle, reach), float(0.2 * size));
  }
}

void cast_branches(FloatImage& field, const Frame& frame, Random& random) {
  const double heading = random.uniform(0, 2 * std::numbers::pi);
  const Point root = step(frame.inside(random), heading + std::numbers::pi, 0.6 * frame.size);
  const double thick = frame.size * random.uniform(0.02, 0.09);
  const int twigs = 3 + int(random.below(5));
  Point at = root;
  double angle = heading;
  for (int i = 0; i < twigs; ++i) {
    const double length = frame.size * random.uniform(0.2, 0.45), radius = thick * (1 - 0.6 * i / twigs);
    const Point next = step(at, angle, length);
    unite_limb(field, at, float(radius), next, float(0.85 * radius));
    const double side = random.chance(0.5) ? 1 : -1;
    const double off = angle + side * random.uniform(0.4, 1.1);
    unite_limb(field, at, float(0.6 * radius), step(at, off, length * random.uniform(0.8, 1.8)), float(0.25 * radius));
    at = next;
    angle += random.uniform(-0.35, 0.35);
  }
}

void cast_foliage(FloatImage& field, const Frame& frame, Random& random) {
  const double cell = frame.size * random.uniform(0.08, 0.4), sun = frame.size * random.uniform(0.008, 0.035);
  FloatImage leaves = value_noise(field.width, field.height, cell / kGrid, 3, 0.6, random);
  const float threshold = float(random.uniform(0.42, 0.58)), gain = float(cell);
  for (float& v : leaves.data) v = (v - threshold) * gain;
  for (int64_t i = random.below(60); i > 0; --i) {
    const Point gap = frame.inside(random);
    const float radius = float(sun * random.uniform(0.8, 1.3));
    const int reach = int(2 * radius / kGrid) + 1, column = int(gap.x / kGrid), row = int(gap.y / kGrid);
    for (int y = std::max(0, row - reach); y <= std::min(field.height - 1, row + reach); ++y)
      for (int x = std::max(0, column - reach); x <= std::min(field.width - 1, column + reach); ++x) {
        const float dx = (float(x) + 0.5f) * kGrid - gap.x, dy = (float(y) + 0.5f) * kGrid - gap.y;
        leaves.at(x, y, 0) = std::max(leaves.at(x, y, 0), radius - std::sqrt(dx * dx + dy * dy));
      }
  }
  for (size_t i = 0; i < field.data.size(); ++i) field.data[i] = std::min(field.data[i], leaves.data[i]);
}

void cast(FloatImage& field, const Frame& frame, Random& random) {
  const double kind = random.uniform();
  if (kind < 0.2) return cast_building(field, frame, random);
  if (kind < 0.4) return cast_board(field, frame, random);
  if (kind < 0.6) return cast_figure(field, frame, random);
  if (kind < 0.75) return cast_hand(field, frame, random);
  if (kind < 0.88) return cast_branches(field, frame, random);
  cast_foliage(field, frame, random);
}

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

}  // namespace

const std::vector<DegradeParam>& shadow_params() {
  static const std::vector<DegradeParam> params = {
      {"coverage", "", "fraction of the picture in shadow, approximately", 0, 1},
      {"skylight", "", "fraction of the light that remains in full shadow, linear light", 0, 1},
      {"blue", "", "how much bluer the skylight is than the sun: 0 neutral, 1 twice as blue as red", 0, 1},
      {"penumbra", "px", "width of the soft edge (photo up to 480 pixels high)", 0, 200},
      {"shapes", "", "number of occluders; training adds up to three if they cover little", 1, 12},
  };
  return params;
}

FloatImage shadow(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool training = severity == Severity::training;
  const double scale = picture_scale(gt);
  const double coverage = params.get("coverage", training ? random.uniform(0.1, 0.55) : random.uniform(0.3, 0.6));
  const double skylight = params.get("skylight", training ? random.uniform(0.08, 0.45) : random.uniform(0.14, 0.36));
  const double blue = params.get("blue", random.uniform(0, training ? 0.9 : 0.6));
  const double focus = random.uniform();
  // Training uses fewer soft edges: the edge is what distinguishes a shadow from shading.
  const double drawn_penumbra = 1.5 + (training ? 40 * focus : 28) * focus * focus;
  const double penumbra = scale * params.get("penumbra", drawn_penumbra);
  const int shapes = int(params.get("shapes", double(training && random.chance(0.5) ? 1 : 1 + random.below(3))));

  const Frame frame{float(gt.width), float(gt.height), float(std::min(gt.width, gt.height))};
  FloatImage field((gt.width + kGrid - 1) / kGrid, (gt.height + kGrid - 1) / kGrid, 1, kFar);
  for (int i = 0; i < shapes || (training && i < shapes + 3 && covered(field) < 0.3 * coverage); ++i)
    cast(field, frame, random);
  const double wobble = random.uniform(0, 10) * scale;  // models uneven ground and outlines
  const FloatImage noise = value_noise(field.width, field.height, 0.12 * frame.size / kGrid, 2, 0.5, random);
  for (size_t i = 0; i < field.data.size(); ++i) field.data[i] += float(wobble) * (noise.data[i] - 0.5f);
  // In training, shapes keep more of their original size, so that a hand still looks like a hand.
  adjust_coverage(field, coverage, (training ? 0.04f : 0.1f) * frame.size);
  const FloatImage distance = bilinear_resize(field, gt.width, gt.height, 1.0 / kGrid);
  const FloatImage sky = value_noise(field.width, field.height, frame.size / kGrid, 2, 0.5, random);
  const FloatImage ambient = bilinear_resize(sky, gt.width, gt.height, 1.0 / kGrid);

  // The penumbra widens across the picture, because the occluder's distance does.
  const double direction = random.uniform(0, 2 * std::numbers::pi), widening = random.uniform(0, 0.7);
  const float slope_x = float(std::cos(direction) * widening / frame.width);
  const float slope_y = float(std::sin(direction) * widening / frame.height);
  const float variation = float(random.uniform(0, 0.5));
  const float share[3] = {float(skylight * (1 - 0.3 * blue)), float(skylight), float(skylight * (1 + 0.4 * blue))};
  FloatImage out = to_linear(gt);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const size_t i = size_t(y) * size_t(out.width) + size_t(x);
      const float from_x = float(x) - 0.5f * frame.width, from_y = float(y) - 0.5f * frame.height;
      const float local = 1.f + 2 * (slope_x * from_x + slope_y * from_y);
      const float half = std::max(0.5f, 0.5f * float(penumbra) * local);
      const float hidden = smoothstep(-half, half, -distance.data[i]);
      const float brighter = 1.f + variation * (ambient.data[i] - 0.5f);
      for (size_t c = 0; c < 3; ++c) out.data[3 * i + c] *= 1.f - hidden * (1.f - std::min(1.f, share[c] * brighter));
    }
  }
  return to_srgb(out);
}

}  // namespace daclip
