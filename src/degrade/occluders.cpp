#include "degrade/occluders.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace daclip {

namespace {

constexpr float kFar = 1e6f;

// Evaluates distance(x, y) at every grid point and keeps the minimum, which gives a union. Coordinates are in pixels.
template <typename Distance>
void unite(Field& field, Distance distance) {
  for (int y = 0; y < field.height; ++y) {
    float* row = field.row(y);
    const float py = field.pixel(y) - 0.5f;
    for (int x = 0; x < field.width; ++x) row[x] = std::min(row[x], distance(field.pixel(x) - 0.5f, py));
  }
}

// A limb that tapers from radius ra at a to rb at b.
void unite_limb(Field& field, Point a, float ra, Point b, float rb) {
  const float dx = b.x - a.x, dy = b.y - a.y;
  const float inverse = 1.f / std::max(1e-6f, dx * dx + dy * dy);
  unite(field, [=](float x, float y) {
    const float t = std::clamp(((x - a.x) * dx + (y - a.y) * dy) * inverse, 0.f, 1.f);
    const float ex = x - a.x - t * dx, ey = y - a.y - t * dy;
    return std::sqrt(ex * ex + ey * ey) - (ra + t * (rb - ra));
  });
}

void unite_ellipse(Field& field, Point centre, float rx, float ry) {
  unite(field, [=](float x, float y) {
    const float u = (x - centre.x) / rx, v = (y - centre.y) / ry;
    return (std::sqrt(u * u + v * v) - 1.f) * std::min(rx, ry);
  });
}

void unite_half_plane(Field& field, Point point, float nx, float ny) {
  unite(field, [=](float x, float y) { return (x - point.x) * nx + (y - point.y) * ny; });
}

// Interior of a closed polygon of any winding (distance to the nearest side, negative inside).
void unite_polygon(Field& field, const std::vector<Point>& corners) {
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

Point step(Point from, double angle, double length) {
  return {from.x + float(std::cos(angle) * length), from.y + float(std::sin(angle) * length)};
}

void cast_building(Field& field, Random& random) {
  const double angle = random.uniform(0, 2 * std::numbers::pi);
  const Point at = field.frame.inside(random);
  unite_half_plane(field, at, float(std::cos(angle)), float(std::sin(angle)));
}

void cast_board(Field& field, Random& random) {
  const Point centre = field.frame.inside(random);
  const int corners = 3 + int(random.below(5));
  const double start = random.uniform(0, 2 * std::numbers::pi), size = field.frame.size * random.uniform(0.15, 0.55);
  std::vector<Point> polygon;
  for (int i = 0; i < corners; ++i) {
    const double angle = start + 2 * std::numbers::pi * (i + random.uniform(-0.3, 0.3)) / corners;
    polygon.push_back(step(centre, angle, size * random.uniform(0.6, 1.2)));
  }
  unite_polygon(field, polygon);
}

// A figure: long body from a border, head, arms.
void cast_figure(Field& field, Random& random) {
  const Point head = field.frame.inside(random);
  const double size = field.frame.size * random.uniform(0.08, 0.2), down = random.uniform(0, 2 * std::numbers::pi);
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
void cast_hand(Field& field, Random& random) {
  const Point palm = field.frame.inside(random);
  const double size = field.frame.size * random.uniform(0.05, 0.12), heading = random.uniform(0, 2 * std::numbers::pi);
  unite_limb(field, palm, float(0.9 * size), step(palm, heading, 1.2 * size), float(size));
  const Point wrist = step(palm, heading + std::numbers::pi, 1.3 * size);
  unite_limb(field, palm, float(0.8 * size), wrist, float(0.6 * size));
  const Point elbow = step(wrist, heading + std::numbers::pi + random.uniform(-0.4, 0.4), 1.2 * field.frame.size);
  unite_limb(field, wrist, float(0.6 * size), elbow, float(1.6 * size));
  const double spread = random.uniform(0.1, 0.5);
  for (int finger = -2; finger <= 2; ++finger) {
    const double angle = heading + finger * spread, reach = random.uniform(1.0, 2.6) * size;
    const Point knuckle = step(palm, heading + finger * 0.4, 1.2 * size);
    unite_limb(field, knuckle, float(0.3 * size), step(knuckle, angle, reach), float(0.2 * size));
  }
}

void cast_branches(Field& field, Random& random) {
  const double heading = random.uniform(0, 2 * std::numbers::pi);
  const Point root = step(field.frame.inside(random), heading + std::numbers::pi, 0.6 * field.frame.size);
  const double thick = field.frame.size * random.uniform(0.02, 0.09);
  const int twigs = 3 + int(random.below(5));
  Point at = root;
  double angle = heading;
  for (int i = 0; i < twigs; ++i) {
    const double length = field.frame.size * random.uniform(0.2, 0.45), radius = thick * (1 - 0.6 * i / twigs);
    const Point next = step(at, angle, length);
    unite_limb(field, at, float(radius), next, float(0.85 * radius));
    const double side = random.chance(0.5) ? 1 : -1;
    const double off = angle + side * random.uniform(0.4, 1.1);
    unite_limb(field, at, float(0.6 * radius), step(at, off, length * random.uniform(0.8, 1.8)), float(0.25 * radius));
    at = next;
    angle += random.uniform(-0.35, 0.35);
  }
}

void cast_foliage(Field& field, Random& random) {
  const double cell = field.frame.size * random.uniform(0.08, 0.4),
               sun = field.frame.size * random.uniform(0.008, 0.035);
  FloatImage leaves = value_noise(field.width, field.height, cell / field.grid, 3, 0.6, random);
  const float threshold = float(random.uniform(0.42, 0.58)), gain = float(cell);
  for (float& v : leaves.data) v = (v - threshold) * gain;
  for (int64_t i = random.below(60); i > 0; --i) {
    const Point gap = field.frame.inside(random);
    const float radius = float(sun * random.uniform(0.8, 1.3));
    const int reach = int(2 * radius / float(field.grid)) + 1, column = int(gap.x / float(field.grid)),
              row = int(gap.y / float(field.grid));
    for (int y = std::max(0, row - reach); y <= std::min(field.height - 1, row + reach); ++y)
      for (int x = std::max(0, column - reach); x <= std::min(field.width - 1, column + reach); ++x) {
        const float dx = field.pixel(x) - gap.x, dy = field.pixel(y) - gap.y;
        leaves.at(x, y, 0) = std::max(leaves.at(x, y, 0), radius - std::sqrt(dx * dx + dy * dy));
      }
  }
  for (size_t i = 0; i < field.data.size(); ++i) field.data[i] = std::min(field.data[i], leaves.data[i]);
}

// A straight pole, trunk or lamp post, often with a round or square head.
void cast_pole(Field& field, double heading, Random& random) {
  const Point foot =
      step(field.frame.inside(random), heading + std::numbers::pi, random.uniform(0, 0.8) * field.frame.size);
  const double length = field.frame.size * random.uniform(0.5, 1.8),
               thick = field.frame.size * random.uniform(0.006, 0.05);
  const Point top = step(foot, heading + random.uniform(-0.05, 0.05), length);
  unite_limb(field, foot, float(thick), top, float(thick * random.uniform(0.5, 1)));
  const double head = thick * random.uniform(1.5, 5);
  if (random.chance(0.4)) unite_ellipse(field, top, float(head), float(head * random.uniform(0.5, 1)));
}

// A railing, fence or lattice: parallel bars at equal distances, crossed by two rails or as many bars.
void cast_fence(Field& field, double heading, Random& random) {
  const double period = field.frame.size * std::exp2(random.uniform(-4.3, -2)),
               bar = period * random.uniform(0.12, 0.4);
  const bool lattice = random.chance(0.35);
  const double rail_period = lattice ? period * random.uniform(0.8, 1.6) : period * random.uniform(3, 8);
  const float height = float(lattice ? 2 * field.frame.size : 1.3 * rail_period);
  const float rail = float(lattice ? bar : bar * random.uniform(0.7, 1.5)), half = 0.5f * float(bar);
  const Point at = field.frame.inside(random);
  const float ux = float(std::cos(heading)), uy = float(std::sin(heading)), skew = float(random.uniform(-0.5, 0.5));
  const auto to_bar = [](float v, float spacing) { return std::abs(v - spacing * std::floor(v / spacing + 0.5f)); };
  unite(field, [&, height](float x, float y) {
    const float along = (x - at.x) * ux + (y - at.y) * uy;
    const float across = (y - at.y) * ux - (x - at.x) * uy + skew * along;
    const float nearest =
        std::min(to_bar(across, float(period)) - half, to_bar(along, float(rail_period)) - 0.5f * rail);
    return std::max(nearest, std::abs(along) - height);
  });
}

// Twigs with single leaves.
void cast_leaves(Field& field, Random& random) {
  const double size = field.frame.size * random.uniform(0.015, 0.05);
  double angle = random.uniform(0, 2 * std::numbers::pi);
  Point at = step(field.frame.inside(random), angle + std::numbers::pi, 0.4 * field.frame.size);
  for (int64_t i = 8 + random.below(16); i > 0; --i) {
    const Point next = step(at, angle, size * random.uniform(1.5, 3));
    unite_limb(field, at, float(0.12 * size), next, float(0.1 * size));
    for (int side = -1; side <= 1; side += 2) {
      const double off = angle + side * random.uniform(0.4, 1.3), length = size * random.uniform(0.8, 1.8);
      const Point middle = step(next, off, 0.6 * length), tip = step(next, off, 1.3 * length);
      unite_limb(field, next, float(0.08 * size), middle, float(0.35 * length));
      unite_limb(field, middle, float(0.35 * length), tip, float(0.03 * size));
    }
    at = next;
    angle += random.uniform(-0.35, 0.35);
  }
}

// A crown of leaves. The gaps between them are too small to be seen: each lets an image of the sun through, and all
// spots are equally large, but not equally bright.
void cast_crown(Field& field, std::vector<Spot>& spots, Random& random) {
  const double cell = field.frame.size * random.uniform(0.15, 0.5),
               sun = field.frame.size * std::exp2(random.uniform(-7.2, -4.2));
  FloatImage leaves = value_noise(field.width, field.height, cell / field.grid, 3, 0.55, random);
  const float threshold = float(random.uniform(0.45, 0.68));
  for (size_t i = 0; i < field.data.size(); ++i)
    field.data[i] = std::min(field.data[i], (leaves.data[i] - threshold) * float(cell));
  const double area = double(field.frame.width) * double(field.frame.height) / (sun * sun);
  const int count = int(std::min(500.0, area * std::exp2(random.uniform(-6, -2.5))));
  const int clusters = 2 + int(random.below(6));
  std::vector<Point> centres;
  for (int i = 0; i < clusters; ++i) centres.push_back(field.frame.inside(random));
  for (int i = 0; i < count; ++i) {
    const Point near = centres[size_t(random.below(clusters))], anywhere = field.frame.inside(random);
    const float x = near.x + float(0.12 * field.frame.size * random.normal());
    const float y = near.y + float(0.12 * field.frame.size * random.normal());
    const bool scattered = random.chance(0.4);
    const float radius = float(sun * random.uniform(0.9, 1.1)), strength = float(random.uniform(0.3, 1));
    spots.push_back({scattered ? anywhere.x : x, scattered ? anywhere.y : y, radius, strength});
  }
}

// kind: 0 to 1; above kFoliage it is foliage.
constexpr double kFoliage = 0.88;
void cast(Field& field, double kind, Random& random) {
  if (kind < 0.2) return cast_building(field, random);
  if (kind < 0.4) return cast_board(field, random);
  if (kind < 0.6) return cast_figure(field, random);
  if (kind < 0.75) return cast_hand(field, random);
  if (kind < kFoliage) return cast_branches(field, random);
  cast_foliage(field, random);
}

}  // namespace

Field::Field(const FloatImage& photo, int spacing)
    : FloatImage((photo.width + spacing - 1) / spacing, (photo.height + spacing - 1) / spacing, 1, kFar),
      grid(spacing), frame{float(photo.width), float(photo.height), float(std::min(photo.width, photo.height))} {}

void cast_for_paper(Field& field, Random& random) { cast(field, random.uniform(), random); }

void cast_for_training(Field& field, double heading, std::vector<Spot>& spots, Random& random) {
  const double kind = random.uniform();
  if (kind < 0.55) return cast(field, random.uniform(0, kFoliage), random);
  if (kind < 0.65) return cast_pole(field, heading, random);
  if (kind < 0.73) return cast_fence(field, heading, random);
  if (kind < 0.83) return cast_leaves(field, random);
  cast_crown(field, spots, random);
}

FloatImage sunlight(const FloatImage& photo, const std::vector<Spot>& spots, double soft) {
  FloatImage lit(photo.width, photo.height, 1);
  for (const Spot& spot : spots) {
    const float half = std::max(0.7f, std::clamp(0.5f * float(soft), 0.35f * spot.radius, 0.9f * spot.radius));
    const float reach = spot.radius + half;
    const int bottom = std::min(lit.height - 1, int(spot.y + reach)),
              right = std::min(lit.width - 1, int(spot.x + reach));
    for (int y = std::max(0, int(spot.y - reach)); y <= bottom; ++y)
      for (int x = std::max(0, int(spot.x - reach)); x <= right; ++x) {
        const float dx = float(x) - spot.x, dy = float(y) - spot.y;
        const float passed = spot.strength * smoothstep(-half, half, spot.radius - std::sqrt(dx * dx + dy * dy));
        float& sum = lit.at(x, y, 0);
        sum = std::min(1.f, sum + passed);
      }
  }
  return lit;
}

}  // namespace daclip
