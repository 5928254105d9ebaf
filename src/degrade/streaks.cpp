#include "degrade/streaks.h"

#include <numbers>

#include "degrade/fields.h"

namespace daclip {

namespace {

constexpr double kMostStreaks = 200000;  // bounds the work for extreme parameters

struct Streak {
  float x, y;         // centre
  float slope;        // pixels sideways per row
  float half_height;  // rows
  float half_width;   // pixels, along the row
  float brightness;
};

void put(float& pixel, float value, bool add) { pixel = add ? pixel + value : std::max(pixel, value); }

void draw_soft(FloatImage& layer, const Streak& s, bool add) {
  const int top = std::max(0, int(std::ceil(s.y - s.half_height)));
  const int bottom = std::min(layer.height - 1, int(std::floor(s.y + s.half_height)));
  // Half a pixel of blur on either side prevents aliasing of thin streaks; their brightness is spread accordingly.
  const float reach = s.half_width + 0.5f, inverse = 1.f / (reach * reach);
  for (int y = top; y <= bottom; ++y) {
    const float along = (float(y) - s.y) / s.half_height;
    const float value = s.brightness * std::min(1.f, 2.f * (1.f - along * along));
    const float centre = s.x + (float(y) - s.y) * s.slope;
    const int left = std::max(0, int(std::ceil(centre - reach)));
    const int right = std::min(layer.width - 1, int(std::floor(centre + reach)));
    float* row = layer.row(y);
    for (int x = left; x <= right; ++x) {
      const float side = float(x) - centre;
      put(row[x], value * (1.f - side * side * inverse), add);
    }
  }
}

void draw_crisp(FloatImage& layer, const Streak& s, bool add) {
  const int top = std::max(0, int(std::ceil(s.y - s.half_height)));
  const int bottom = std::min(layer.height - 1, int(std::floor(s.y + s.half_height)));
  const int across = std::max(1, int(2.f * s.half_width + 0.5f));
  for (int y = top; y <= bottom; ++y) {
    const int first = int(std::floor(s.x + (float(y) - s.y) * s.slope - 0.5f * float(across) + 0.5f));
    float* row = layer.row(y);
    for (int x = std::max(0, first); x < std::min(layer.width, first + across); ++x) put(row[x], s.brightness, add);
  }
}

}  // namespace

void draw_streaks(FloatImage& layer, const StreakLayer& streaks, Random& random) {
  const double margin_y = 0.5 * streaks.length, margin_x = std::max(2.0, 0.2 * streaks.length);
  const double wide = layer.width + 2 * margin_x, high = layer.height + 2 * margin_y;
  // E[length x width] for two independent log-normal factors around the medians.
  const double mean_area = streaks.length * streaks.width * std::exp(streaks.size_spread * streaks.size_spread);
  const int count = int(std::clamp(streaks.coverage * wide * high / std::max(1.0, mean_area), 1.0, kMostStreaks));
  constexpr double kDegree = std::numbers::pi / 180;
  for (int i = 0; i < count; ++i) {
    const double angle = std::clamp(streaks.angle + streaks.angle_spread * random.normal(), -75.0, 75.0) * kDegree;
    const double cosine = std::cos(angle);
    Streak s;
    s.x = float(random.uniform(-margin_x, layer.width + margin_x));
    s.y = float(random.uniform(-margin_y, layer.height + margin_y));
    s.slope = float(std::tan(angle));
    s.half_height = float(std::max(0.5, 0.5 * streaks.length * random_factor(random, streaks.size_spread) * cosine));
    s.half_width = float(0.5 * streaks.width * random_factor(random, streaks.size_spread) / cosine);
    s.brightness = float(streaks.brightness * (1 + streaks.brightness_spread * random.uniform(-1, 1)));
    if (streaks.soft) {
      draw_soft(layer, s, streaks.add);
    } else {
      draw_crisp(layer, s, streaks.add);
    }
  }
}

void draw_flake(FloatImage& layer, const Flake& flake) {
  const float reach = flake.radius + flake.edge;
  const float half_x = 0.5f * flake.motion_x, half_y = 0.5f * flake.motion_y;
  const int left = std::max(0, int(std::ceil(flake.x - std::abs(half_x) - reach)));
  const int right = std::min(layer.width - 1, int(std::floor(flake.x + std::abs(half_x) + reach)));
  const int top = std::max(0, int(std::ceil(flake.y - std::abs(half_y) - reach)));
  const int bottom = std::min(layer.height - 1, int(std::floor(flake.y + std::abs(half_y) + reach)));
  const float path = half_x * half_x + half_y * half_y;
  const float inverse_path = path > 0 ? 1.f / path : 0.f;
  const float inverse_radius = 1.f / std::max(flake.radius, 1e-3f);
  for (int y = top; y <= bottom; ++y) {
    float* row = layer.row(y);
    for (int x = left; x <= right; ++x) {
      const float dx = float(x) - flake.x, dy = float(y) - flake.y;
      const float t = std::clamp((dx * half_x + dy * half_y) * inverse_path, -1.f, 1.f);
      const float px = dx - t * half_x, py = dy - t * half_y;
      const float distance = std::sqrt(px * px + py * py);
      const float inside = smoothstep(-flake.edge, flake.edge, flake.radius - distance);
      const float relative = std::min(1.f, distance * inverse_radius);
      const float opacity = flake.opacity * inside * (1.f - flake.rim * (1.f - relative * relative));
      row[x] += opacity * (1.f - row[x]);
    }
  }
}

}  // namespace daclip
