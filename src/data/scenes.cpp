#include "data/scenes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "degrade/blur_kernels.h"
#include "degrade/fields.h"
#include "image/luma.h"

namespace daclip {
namespace {

// Mean over 2 radius + 1 rows, border rows repeated.
FloatImage mean_of_rows(const FloatImage& image, int radius) {
  FloatImage out(image.width, image.height, image.channels);
  const size_t row = size_t(image.width) * size_t(image.channels);
  const auto at = [&](int y) { return image.row(std::clamp(y, 0, image.height - 1)); };
  std::vector<double> sum(row);
  for (int y = -radius; y <= radius; ++y)
    for (size_t i = 0; i < row; ++i) sum[i] += double(at(y)[i]);
  for (int y = 0; y < image.height; ++y) {
    for (size_t i = 0; i < row; ++i) {
      out.row(y)[i] = float(sum[i] / (2 * radius + 1));
      sum[i] += double(at(y + radius + 1)[i]) - double(at(y - radius)[i]);
    }
  }
  return out;
}

// Mask of the focused region, 1 inside: a head with shoulders, or a band of depth.
FloatImage in_focus(int width, int height, Random& random) {
  FloatImage mask(width, height, 1);
  const float size = float(std::min(width, height)), soft = size * float(random.uniform(0.02, 0.12));
  if (random.chance(0.6)) {
    const float x0 = float(width * random.uniform(0.2, 0.8)), y0 = float(height * random.uniform(0.2, 0.7));
    const float rx = size * float(random.uniform(0.1, 0.3)), ry = rx * float(random.uniform(0.9, 1.5));
    const float shoulders = rx * float(random.uniform(0.8, 2.2));
    const bool body = random.chance(0.7);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const float dx = float(x) - x0, dy = float(y) - y0;
        float outside = (std::sqrt(dx * dx / (rx * rx) + dy * dy / (ry * ry)) - 1) * std::min(rx, ry);
        if (body && dy > 0)
          outside = std::min(outside, std::abs(dx) - rx * 0.6f - shoulders * std::min(1.f, dy / (2.f * ry)));
        mask.at(x, y, 0) = 1.f - smoothstep(0, soft, outside);
      }
  } else {
    const float middle = float(height * random.uniform(0.3, 1)), half = float(height * random.uniform(0.05, 0.3));
    const float tilt = float(random.uniform(-0.4, 0.4)), reach = float(height * random.uniform(0.1, 0.6));
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const float away = std::abs(float(y) - middle + tilt * (float(x) - 0.5f * float(width)));
        mask.at(x, y, 0) = 1.f - smoothstep(half, half + reach, away);
      }
  }
  return mask;
}

void overcast(FloatImage& rgb, Random& random) {
  const float saturation = random.chance(0.08) ? 0.f : float(random.uniform(0.3, 1));
  const float contrast = float(random.uniform(0.7, 1.15)), dim = float(random.uniform(-0.2, 0.03));
  const float cold = float(random.uniform(-0.02, 0.06));
  const float tint[3] = {-cold, 0, cold};
  for (size_t i = 0; i < rgb.pixels(); ++i) {
    float* p = &rgb.data[3 * i];
    const float grey = bt601_luma(p[0], p[1], p[2]);
    for (int c = 0; c < 3; ++c)
      p[c] = std::clamp(0.5f + contrast * (grey + saturation * (p[c] - grey + tint[c]) - 0.5f) + dim, 0.f, 1.f);
  }
}

// Below the horizon, the ground is darker because it is wet, and a mirror where water stands, smeared downwards by
// waves.
void wet_ground(FloatImage& rgb, int horizon, Random& random) {
  const int depth = rgb.height - horizon;
  const double size = std::min(rgb.width, rgb.height);
  const FloatImage smeared = mean_of_rows(mean_of_rows(rgb, int(size * random.uniform(0.004, 0.05))), int(size * 0.01));
  const double puddle = size * random.uniform(0.1, 0.6);
  const FloatImage water =
      // puddles look wider because they are seen at a flat angle
      value_noise(rgb.width, int(std::ceil(depth * 2.5)), puddle, 3, 0.5, random);
  const FloatImage waves = value_noise(rgb.width, depth, size * 0.05, 2, 0.6, random);
  const float darker = float(random.uniform(0.55, 0.95)), mirrored = float(random.uniform(0.15, 0.75));
  const float level = float(random.uniform(0.2, 0.6)), rough = float(size * random.uniform(0, 0.03));
  const float squeeze = float(random.uniform(0.8, 1.6)), shore = float(size * random.uniform(0.01, 0.1));
  for (int y = horizon; y < rgb.height; ++y) {
    for (int x = 0; x < rgb.width; ++x) {
      const float below = std::min(1.f, float(y - horizon) / shore);
      const float deep = water.at(x, int(2.5f * float(y - horizon)), 0);
      const float share = mirrored * below * smoothstep(level - 0.15f, level + 0.15f, deep);
      const float wave = rough * (waves.at(x, y - horizon, 0) - 0.5f);
      const float from = float(horizon) - squeeze * (float(y - horizon) + wave);
      for (int c = 0; c < 3; ++c) {
        float& v = rgb.at(x, y, c);
        const float seen = bilinear_sample(smeared, float(x) + wave, std::max(0.f, from), c);
        v = (1.f - share) * (1.f - below * (1.f - darker)) * v + share * seen;
      }
    }
  }
}

// Spray is a bright veil that is densest above the ground; haze is one that is densest at the horizon.
void mist(FloatImage& rgb, int horizon, Random& random) {
  const float haze = random.chance(0.7) ? float(random.uniform(0, 0.6)) : 0.f;
  const float fall = float(rgb.height * random.uniform(0.1, 0.6));
  const float spray = random.chance(0.5) ? float(random.uniform(0, 0.7)) : 0.f;
  const float high = float(rgb.height * random.uniform(0.03, 0.2)), light = float(random.uniform(0.5, 0.9));
  const float at = float(horizon) + float((rgb.height - horizon) * random.uniform(0, 1));
  const FloatImage drift = value_noise(rgb.width, rgb.height, 0.5 * std::max(rgb.width, rgb.height), 3, 0.5, random);
  for (int y = 0; y < rgb.height; ++y) {
    const float far = std::abs(float(y - horizon)) / fall, over = (float(y) - at) / high;
    const float veil = haze * fast_exp(-far), splashed = spray * fast_exp(-over * over);
    for (int x = 0; x < rgb.width; ++x) {
      const float opacity = std::min(0.9f, veil * (0.7f + 0.3f * drift.at(x, y, 0)) + splashed * drift.at(x, y, 0));
      for (int c = 0; c < 3; ++c) rgb.at(x, y, c) += opacity * (light - rgb.at(x, y, c));
    }
  }
}

// Splashes: specks and short dashes of light, smaller and denser in the distance.
void splashes(FloatImage& rgb, int horizon, Random& random) {
  const int depth = rgb.height - horizon;
  const double scale = std::max(rgb.width, rgb.height) / 480.0;
  const int count = int(std::exp2(random.uniform(4, 10.5)) * scale);
  const float most = float(random.uniform(0.15, 0.8));
  for (int i = 0; i < count; ++i) {
    const double near = random.uniform() * random.uniform();
    const int y = horizon + int(near * depth), x = int(random.below(rgb.width));
    const double size = scale * (0.5 + 2.5 * near) * random.uniform(0.5, 1.5);
    const int half = int(size * random.uniform(0.3, 1.6)), high = int(size * random.uniform(0, 0.8));
    const float light = most * float(random.uniform(0.3, 1));
    for (int v = std::max(0, y - high); v <= std::min(rgb.height - 1, y); ++v)
      for (int u = std::max(0, x - half); u <= std::min(rgb.width - 1, x + half); ++u)
        for (int c = 0; c < 3; ++c)
          rgb.at(u, v, c) += light * (1.f - rgb.at(u, v, c)) * (u == x || v == y ? 1.f : 0.5f);
  }
}

// Rows of stones, every other row shifted by half a stone, with darker or lighter joints.
void add_joints(FloatImage& rgb, Random& random) {
  const double size = std::min(rgb.width, rgb.height), turn = random.uniform(-0.6, 0.6);
  const float cosine = float(std::cos(turn)), sine = float(std::sin(turn));
  const float row = float(size * random.uniform(0.08, 0.5)), stone = row * float(random.uniform(0.8, 3));
  const float half = float(size * random.uniform(0.002, 0.008)), depth = float(random.uniform(-0.45, 0.2));
  for (int y = 0; y < rgb.height; ++y) {
    for (int x = 0; x < rgb.width; ++x) {
      const float u = cosine * float(x) + sine * float(y), v = cosine * float(y) - sine * float(x);
      const float rows = std::floor(v / row), shift = (int(rows) & 1) != 0 ? 0.5f : 0.f;
      const float across = std::abs(v - (rows + 0.5f) * row) - 0.5f * row;
      const float stones = u / stone + shift;
      const float along = std::abs(stones - std::floor(stones) - 0.5f) * stone - 0.5f * stone;
      const float joint = 1.f - smoothstep(half, half + 1.5f, -std::max(across, along));
      for (int c = 0; c < 3; ++c) rgb.at(x, y, c) *= 1.f + depth * joint;
    }
  }
}

// A white or yellow line, missing where `worn` (one channel, [0,1]) is low.
void paint_line(FloatImage& rgb, const FloatImage& worn, Random& random) {
  const double turn = random.uniform(0, std::numbers::pi), size = std::min(rgb.width, rgb.height);
  const float cosine = float(std::cos(turn)), sine = float(std::sin(turn));
  const float half = float(size * random.uniform(0.02, 0.1));
  const float x0 = float(rgb.width * random.uniform(0, 1)), y0 = float(rgb.height * random.uniform(0, 1));
  const bool yellow = random.chance(0.5);
  const float light = float(random.uniform(0.55, 0.95));
  const float colour[3] = {light, yellow ? 0.75f * light : light, yellow ? 0.25f * light : light};
  for (int y = 0; y < rgb.height; ++y) {
    for (int x = 0; x < rgb.width; ++x) {
      const float away = std::abs(sine * (float(x) - x0) - cosine * (float(y) - y0));
      const float paint = (1.f - smoothstep(half, half + 2.f, away)) * smoothstep(0.3f, 0.6f, worn.at(x, y, 0));
      for (int c = 0; c < 3; ++c) rgb.at(x, y, c) += 0.85f * paint * (colour[c] - rgb.at(x, y, c));
    }
  }
}

}  // namespace

FloatImage ground(int width, int height, Random& random) {
  const double size = std::min(width, height);
  const float grey = float(random.uniform(0.3, 0.75)), warm = float(random.uniform(-0.02, 0.12));
  FloatImage rgb(width, height, 3);
  for (size_t i = 0; i < rgb.data.size(); ++i) rgb.data[i] = grey * (1.f + warm * (1.f - float(i % 3)));
  const FloatImage stains = value_noise(width, height, size * random.uniform(0.3, 1.2), 4, 0.6, random);
  const float depth = float(random.uniform(0.05, 0.4));
  for (size_t i = 0; i < rgb.data.size(); ++i) rgb.data[i] *= 1.f + depth * (stains.data[i / 3] - 0.5f);
  if (random.chance(0.5)) add_joints(rgb, random);
  FloatImage grain(width, height, 1);
  fill_normal(grain.data, random);
  const double coarse = random.uniform(0, 1.6);
  gaussian_blur(grain, coarse);
  const float rough = float(random.uniform(0.02, 0.12) * (1 + 2 * coarse));
  for (size_t i = 0; i < rgb.data.size(); ++i) rgb.data[i] *= 1.f + rough * grain.data[i / 3];
  const FloatImage worn = value_noise(width, height, 0.05 * size, 3, 0.7, random);
  if (random.chance(0.35)) paint_line(rgb, worn, random);
  round_to_bytes(rgb);
  return rgb;
}

void shallow_focus(FloatImage& rgb, Random& random) {
  const FloatImage mask = in_focus(rgb.width, rgb.height, random);
  const double radius =
      std::min(rgb.width, rgb.height) * std::exp2(random.uniform(-8, -5));  // of the circle of confusion
  const int factor = radius > 4 ? 2 : 1;
  FloatImage light = to_linear(factor > 1 ? box_reduce(rgb, factor) : rgb);
  const float shine = float(random.uniform(1, 5));  // lamps and the sun are brighter than a photo's white
  for (float& v : light.data) v *= v > 0.85f ? shine : 1.f;
  light = filter(light, disc_kernel(std::max(3, int(2 * radius / factor) | 1)));
  for (float& v : light.data) v = std::min(v, 1.f);
  FloatImage blurred = to_srgb(light);
  if (factor > 1) blurred = bilinear_resize(blurred, rgb.width, rgb.height, 1.0 / factor);
  for (size_t i = 0; i < rgb.data.size(); ++i) {
    const float sharp = mask.data[i / 3];
    rgb.data[i] = sharp * rgb.data[i] + (1.f - sharp) * blurred.data[i];
  }
  round_to_bytes(rgb);
}

void wet_weather(FloatImage& rgb, Random& random) {
  const int horizon = int(rgb.height * random.uniform(0.25, 0.85));
  overcast(rgb, random);
  if (random.chance(0.75)) wet_ground(rgb, horizon, random);
  mist(rgb, horizon, random);
  if (random.chance(0.6)) splashes(rgb, horizon, random);
  round_to_bytes(rgb);
}

}  // namespace daclip
