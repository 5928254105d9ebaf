// Degradation "hazy". Model: Koschmieder's law on display values, as in RESIDE: I = J t + A (1 - t), t = exp(-beta d),
// with airlight A and optical depth beta of the scene's farthest point. The depth d of a photo is unknown, so it is
// invented: it grows towards the top, undulates, and has steps where regions of the photo meet, so that objects stand
// out. In training the fog may lie in uneven banks, and the airlight may be brighter on one side.
#include <array>
#include <cmath>
#include <numbers>

#include "degrade/fields.h"
#include "degrade/kinds.h"

namespace daclip {
namespace {

struct Region {
  float x, y, r, g, b, depth;
};

// Assigns each pixel the random depth of its nearest region by place and colour. Depth is lower in front (below) than
// behind.
FloatImage region_depth(const FloatImage& small, int count, Random& random) {
  std::vector<Region> regions;
  const float scale = 1.f / float(std::max(small.width, small.height));
  for (int i = 0; i < count; ++i) {
    const int x = int(random.below(small.width)), y = int(random.below(small.height));
    const float behind = 1 - (float(y) + 0.5f) / float(small.height);
    regions.push_back({float(x) * scale, float(y) * scale, small.at(x, y, 0), small.at(x, y, 1), small.at(x, y, 2),
                       0.5f * behind + 0.5f * float(random.uniform())});
  }
  FloatImage depth(small.width, small.height, 1);
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width; ++x) {
      const float* p = small.row(y) + 3 * x;
      float best = 1e9f;
      for (const Region& region : regions) {
        const float dx = float(x) * scale - region.x, dy = float(y) * scale - region.y;
        const float dr = p[0] - region.r, dg = p[1] - region.g, db = p[2] - region.b;
        const float distance = dx * dx + dy * dy + 0.35f * (dr * dr + dg * dg + db * db);
        if (distance < best) {
          best = distance;
          depth.at(x, y, 0) = region.depth;
        }
      }
    }
  return depth;
}

// Guided filter (He et al. 2013) in its fast form: coefficients from the reduced picture, applied at full size. It
// aligns the depth's steps with the photo's edges.
FloatImage follow_edges(FloatImage depth, const FloatImage& small_luma, const FloatImage& full_luma, int factor) {
  constexpr float kEpsilon = 2e-4f;
  const double sigma = std::max(small_luma.width, small_luma.height) / 40.0;
  FloatImage moments(depth.width, depth.height, 4);
  for (size_t i = 0; i < depth.data.size(); ++i) {
    const float guide = small_luma.data[i], d = depth.data[i];
    float* m = &moments.data[4 * i];
    m[0] = guide;
    m[1] = d;
    m[2] = guide * guide;
    m[3] = guide * d;
  }
  gaussian_blur(moments, sigma);
  FloatImage line(depth.width, depth.height, 2);  // d = line[0] * guide + line[1]
  for (size_t i = 0; i < depth.data.size(); ++i) {
    const float* m = &moments.data[4 * i];
    const float slope = (m[3] - m[0] * m[1]) / (m[2] - m[0] * m[0] + kEpsilon);
    line.data[2 * i] = slope;
    line.data[2 * i + 1] = m[1] - slope * m[0];
  }
  gaussian_blur(line, sigma);
  line = bilinear_resize(line, full_luma.width, full_luma.height, 1.0 / factor);
  FloatImage out(full_luma.width, full_luma.height, 1);
  for (size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = line.data[2 * i] * full_luma.data[i] + line.data[2 * i + 1];
  return out;
}

// Depth from `near` (nearest point) to 1 (farthest). With `horizon` (height, 0 to 1) below 1, the ground below the
// horizon recedes in perspective and everything above it is far.
FloatImage make_up_depth(const FloatImage& gt, double near, double gradient, double structure, double horizon,
                         Random& random) {
  const int factor = std::clamp(std::min(gt.width, gt.height) / 64, 1, 16);
  FloatImage full_luma = luma(gt);
  FloatImage smooth_luma = full_luma;
  gaussian_blur(smooth_luma, 1.2);  // fine texture is not depth
  const FloatImage small = box_reduce(gt, factor), small_luma = box_reduce(smooth_luma, factor);
  const int count = 6 + int(random.below(14));
  FloatImage regions = region_depth(small, count, random);
  regions = follow_edges(std::move(regions), small_luma, smooth_luma, factor);
  const FloatImage waves = value_noise(gt.width, gt.height, 0.8 * std::max(gt.width, gt.height), 2, 0.5, random);
  const double tilt = random.uniform(-0.3, 0.3), bend = std::exp2(random.uniform(-0.5, 1.5));

  FloatImage depth(gt.width, gt.height, 1);
  float low = 1e9f, high = -1e9f;
  for (int y = 0; y < gt.height; ++y) {
    for (int x = 0; x < gt.width; ++x) {
      const double across = (x + 0.5) / gt.width - 0.5, up = 1 - (y + 0.5) / gt.height;
      const float height = std::clamp(float(up + tilt * across), 0.01f, 1.f);
      const float ramp = horizon < 1 ? fast_exp(-4.f * float(bend) * std::max(0.f, float(horizon) - height))
                                     : fast_pow(height, float(bend));
      const float rest = 1 - float(structure);
      const float v = float(structure) * regions.at(x, y, 0) +
                      rest * (float(gradient) * ramp + (1 - float(gradient)) * waves.at(x, y, 0));
      depth.at(x, y, 0) = v;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  const float range = high - low;
  for (float& v : depth.data) v = float(near) + (1 - float(near)) * (range > 1e-6f ? (v - low) / range : 0.5f);
  return depth;
}

DACLIP_HOT void apply_haze(float* rgb, const float* depth, size_t n, float beta, const float* airlight) {
  const float red = airlight[0], green = airlight[1], blue = airlight[2];
  for (size_t i = 0; i < n; ++i) {
    const float t = fast_exp(-beta * depth[i]);
    rgb[3 * i] = rgb[3 * i] * t + red * (1 - t);
    rgb[3 * i + 1] = rgb[3 * i + 1] * t + green * (1 - t);
    rgb[3 * i + 2] = rgb[3 * i + 2] * t + blue * (1 - t);
  }
}

// Multiplies the depth by smooth, flat clouds between 1 - banks and 1 + banks.
void gather_into_banks(FloatImage& depth, double banks, Random& random) {
  const double size = std::max(depth.width, depth.height) * random.uniform(0.3, 0.9), flatness = random.uniform(1, 4);
  const FloatImage clouds = value_noise(depth.width, std::max(1, int(depth.height * flatness)), size, 3, 0.5, random);
  for (int y = 0; y < depth.height; ++y) {
    const float* row = clouds.row(std::min(clouds.height - 1, int(y * flatness)));
    for (int x = 0; x < depth.width; ++x) depth.at(x, y, 0) *= 1.f + float(banks) * (2 * row[x] - 1.f);
  }
}

// Like apply_haze, with an airlight that falls by the fraction `side` from one border of the picture to the other.
void apply_uneven_haze(FloatImage& rgb, const FloatImage& depth, float beta, const std::array<float, 3>& airlight,
                       double side, Random& random) {
  const double angle = random.uniform(0, 2 * std::numbers::pi), turn_x = std::cos(angle), turn_y = std::sin(angle);
  const double reach = 0.5 * (std::abs(turn_x) * rgb.width + std::abs(turn_y) * rgb.height);
  for (int y = 0; y < rgb.height; ++y)
    for (int x = 0; x < rgb.width; ++x) {
      const double along = (turn_x * (x + 0.5 - 0.5 * rgb.width) + turn_y * (y + 0.5 - 0.5 * rgb.height)) / reach;
      const float t = fast_exp(-beta * depth.at(x, y, 0)), light = float(1 - side * (0.5 + 0.5 * along));
      for (int c = 0; c < 3; ++c) rgb.at(x, y, c) = rgb.at(x, y, c) * t + airlight[size_t(c)] * light * (1 - t);
    }
}

}  // namespace

const std::vector<DegradeParam>& haze_params() {
  static const std::vector<DegradeParam> params = {
      {"beta", "", "optical depth of the farthest point: its transmission is exp(-beta)", 0, 20},
      {"airlight", "", "brightness of the haze, display value", 0, 1},
      {"tint", "", "greatest difference of the airlight's red and blue from its green, display values", -0.3, 0.3},
      {"near", "", "depth of the nearest point as a fraction of the farthest", 0, 1},
      {"gradient", "", "fraction of the smooth depth that is the vertical gradient; the rest undulates", 0, 1},
      {"structure", "", "fraction of the depth that follows the photo's regions", 0, 1},
      {"horizon", "", "height of the horizon; everything above it is far; 1: depth grows up to the top edge", 0, 1},
      {"banks", "", "unevenness of the fog: its density varies by this fraction", 0, 1},
      {"side", "", "fraction by which the airlight falls from one side of the picture to the other", 0, 1},
  };
  return params;
}

FloatImage haze(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool wide = severity == Severity::training;
  const bool thin = wide && random.chance(0.3);
  const double density = thin   ? random.uniform(-1.8, -0.6)
                         : wide ? random.uniform(-0.9, 1.2)
                                : random.uniform(-0.3, 0.7);
  const double beta = params.get("beta", std::exp(density));
  const bool night = wide && random.chance(0.04);
  const double darkest = night ? 0.15 : wide ? (random.chance(0.3) ? 0.4 : 0.6) : 0.75;
  const double airlight = params.get("airlight", random.uniform(darkest, night ? 0.4 : 1.0));
  const double drawn_tint = random.uniform(-1, 1);  // positive values are warm
  const double tint = params.get("tint", (wide && random.chance(0.4) ? 0.13 : 0.03) * drawn_tint);
  // clear foreground, distant haze, as in front of mountains or a town
  const bool distant = wide && random.chance(0.4);
  const double near = params.get("near", distant ? random.uniform(0, 0.1) : random.uniform(0.1, 0.5));
  const double gradient = params.get("gradient", random.uniform(0.3, 0.9));
  const double structure = params.get("structure", random.uniform(0.1, 0.6));
  const double horizon = params.get("horizon", distant && random.chance(0.6) ? random.uniform(0.3, 0.9) : 1);
  const double banks = params.get("banks", wide && random.chance(0.35) ? random.uniform(0.2, 0.9) : 0);
  const double side = params.get("side", wide && random.chance(0.4) ? random.uniform(0, 0.3) : 0);

  FloatImage out = gt;
  FloatImage depth = make_up_depth(gt, near, gradient, structure, horizon, random);
  if (banks > 0) gather_into_banks(depth, banks, random);
  const std::array<float, 3> colour = {std::clamp(float(airlight + tint), 0.f, 1.f), float(airlight),
                                       std::clamp(float(airlight - tint), 0.f, 1.f)};
  if (side > 0) {
    apply_uneven_haze(out, depth, float(beta), colour, side, random);
  } else {
    apply_haze(out.data.data(), depth.data.data(), depth.data.size(), float(beta), colour.data());
  }
  return out;
}

}  // namespace daclip
