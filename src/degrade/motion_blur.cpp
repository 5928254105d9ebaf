// Degradation "motion-blurry". Model: the camera moves along a random trajectory during the exposure; its direction
// drifts (inertia) and changes at sudden shakes, as in Boracchi & Foi 2012 and Kupyn et al. 2018. Linear light is
// integrated along the path, and sensor noise is added afterwards. In training, the camera's speed varies too, and the
// lens may be out of focus: slightly (a Gaussian blur) or clearly (the disc of its aperture), with or without movement.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "degrade/fields.h"
#include "degrade/kinds.h"

namespace daclip {
namespace {

struct Point {
  double x, y;
};

// Lengths of `steps` steps with sum `length`. Their logarithms vary smoothly by `pace`, so that the camera hurries and
// lingers.
std::vector<double> step_lengths(int steps, double length, double pace, Random& random) {
  std::vector<double> lengths(size_t(steps), 1.0);
  if (pace > 0) {
    const double keep = std::exp(-6.0 / steps);  // about six independent speeds in one exposure
    double speed = random.normal();
    for (double& l : lengths) {
      l = std::exp(pace * speed);
      speed = keep * speed + std::sqrt(1 - keep * keep) * random.normal();
    }
  }
  double sum = 0;
  for (double l : lengths) sum += l;
  for (double& l : lengths) l *= length / sum;
  return lengths;
}

// Positions in pixels at equal time intervals, centred on their mean. The path is `length` long.
std::vector<Point> trajectory(double length, double curvature, double shakes, double pace, Random& random) {
  const int steps = std::max(16, int(4 * length));
  const std::vector<double> lengths = step_lengths(steps, length, pace, random);
  double direction = random.uniform(0, 2 * std::numbers::pi);
  double drift = 0;
  std::vector<Point> path = {{0, 0}};
  Point sum = {0, 0};
  for (int i = 0; i < steps; ++i) {
    drift += 0.2 * (curvature * 2.5 * random.normal() / std::sqrt(double(steps)) - drift);  // inertia smooths the turns
    direction += drift;
    if (random.chance(shakes / steps)) direction += std::numbers::pi + 0.6 * random.normal();
    const double step = lengths[size_t(i)];
    path.push_back({path.back().x + step * std::cos(direction), path.back().y + step * std::sin(direction)});
    sum.x += path.back().x;
    sum.y += path.back().y;
  }
  for (Point& p : path) p = {p.x - sum.x / double(path.size()), p.y - sum.y / double(path.size())};
  return path;
}

struct Tap {
  int dx, dy;
  float weight;
};

// Kernel of the path, splatted with bilinear weights; negligible taps are omitted.
std::vector<Tap> kernel_taps(const std::vector<Point>& path) {
  int radius = 1;
  for (const Point& p : path) radius = std::max(radius, int(std::ceil(std::max(std::abs(p.x), std::abs(p.y)))) + 1);
  const int side = 2 * radius + 1;
  std::vector<double> kernel(size_t(side) * size_t(side));
  for (const Point& p : path) {
    const double x = p.x + radius, y = p.y + radius, fx = x - std::floor(x), fy = y - std::floor(y);
    double* corner = &kernel[size_t(y) * size_t(side) + size_t(x)];
    corner[0] += (1 - fx) * (1 - fy);
    corner[1] += fx * (1 - fy);
    corner[side] += (1 - fx) * fy;
    corner[side + 1] += fx * fy;
  }
  const double least = 2e-4 * double(path.size());
  double total = 0;
  for (double& w : kernel) total += w = w < least ? 0 : w;
  std::vector<Tap> taps;
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      if (const double w = kernel[size_t(y) * size_t(side) + size_t(x)]; w > 0)
        taps.push_back({x - radius, y - radius, float(w / total)});
  return taps;
}

// Disc of the given radius; pixels at its edge count in part.
std::vector<Tap> disc_taps(double radius) {
  const int reach = int(std::ceil(radius + 0.5));
  std::vector<Tap> taps;
  double total = 0;
  for (int y = -reach; y <= reach; ++y)
    for (int x = -reach; x <= reach; ++x)
      if (const double w = std::clamp(radius + 0.5 - std::sqrt(double(x * x + y * y)), 0.0, 1.0); w > 0) {
        taps.push_back({x, y, float(w)});
        total += w;
      }
  for (Tap& tap : taps) tap.weight /= float(total);
  return taps;
}

// Index reflected into [0, n), border sample not repeated.
int reflect(int i, int n) {
  if (n == 1) return 0;
  const int period = 2 * (n - 1);
  i = ((i % period) + period) % period;
  return i < n ? i : period - i;
}

FloatImage pad_reflected(const FloatImage& image, int radius) {
  FloatImage out(image.width + 2 * radius, image.height + 2 * radius, image.channels);
  std::vector<int> columns(static_cast<size_t>(out.width));
  for (int x = 0; x < out.width; ++x) columns[size_t(x)] = reflect(x - radius, image.width);
  for (int y = 0; y < out.height; ++y) {
    const float* in = image.row(reflect(y - radius, image.height));
    float* row = out.row(y);
    for (int x = 0; x < out.width; ++x)
      for (int k = 0; k < image.channels; ++k)
        row[x * image.channels + k] = in[columns[size_t(x)] * image.channels + k];
  }
  return out;
}

// Processes four taps at a time, so that the output row is loaded and stored once for all four.
DACLIP_HOT void gather_row(float* out, const float* const* rows, const float* weights, size_t taps, size_t n) {
  for (size_t i = 0; i < n; ++i) out[i] = 0;
  for (size_t t = 0; t < taps; t += 4) {
    const float *a = rows[t], *b = rows[t + 1], *c = rows[t + 2], *d = rows[t + 3];
    const float wa = weights[t], wb = weights[t + 1], wc = weights[t + 2], wd = weights[t + 3];
    for (size_t i = 0; i < n; ++i) out[i] += (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
  }
}

FloatImage convolve(const FloatImage& image, std::vector<Tap> taps) {
  int radius = 0;
  for (const Tap& tap : taps) radius = std::max({radius, std::abs(tap.dx), std::abs(tap.dy)});
  while (taps.size() % 4) taps.push_back({0, 0, 0.f});
  const FloatImage padded = pad_reflected(image, radius);
  const int c = image.channels;
  FloatImage out(image.width, image.height, c);
  std::vector<const float*> rows(taps.size());
  std::vector<float> weights(taps.size());
  for (size_t t = 0; t < taps.size(); ++t) weights[t] = taps[t].weight;
  for (int y = 0; y < image.height; ++y) {
    for (size_t t = 0; t < taps.size(); ++t) rows[t] = padded.row(y + radius + taps[t].dy) + (radius + taps[t].dx) * c;
    gather_row(out.row(y), rows.data(), weights.data(), taps.size(), size_t(image.width) * size_t(c));
  }
  return out;
}

struct BlurPlan {
  double length, curvature, shakes, pace, defocus, disc, noise;
};

BlurPlan draw_plan(const Params& params, Random& random, bool wide) {
  double length = wide ? 3 * std::exp2(random.uniform(0, 4.1)) : random.uniform(10, 26);
  double curvature = random.chance(wide ? 0.4 : 0.3) ? 0.1 : random.uniform(0.2, 2.5);
  double shakes = random.chance(0.4) ? random.uniform(0.5, 3) : 0, pace = 0, disc = 0;
  const double defocus = wide && random.chance(0.3) ? random.uniform(0.3, 1.8) : 0;
  const double noise = random.uniform(0, wide ? 2 : 1);
  if (wide) {
    pace = random.chance(0.5) ? random.uniform(0.3, 1.2) : 0;
    const double cause = random.uniform();
    if (cause < 0.4) disc = std::exp2(random.uniform(0, 3.2));  // out of focus
    if (cause < 0.28) {
      length = random.chance(0.6) ? 0 : random.uniform(0, 4);
    } else if (cause >= 0.88) {  // panning, or a moving vehicle
      length = random.uniform(25, 90);
      curvature = random.uniform(0, 0.15);
      shakes = 0;
    }
  }
  return {params.get("length", length), params.get("curvature", curvature), params.get("shakes", shakes),
          params.get("pace", pace),     params.get("defocus", defocus),     params.get("disc", disc),
          params.get("noise", noise)};
}

}  // namespace

const std::vector<DegradeParam>& motion_blur_params() {
  static const std::vector<DegradeParam> params = {
      {"length", "px", "length of the camera's path", 0, 200},
      {"curvature", "rad", "RMS drift of the direction during the exposure; 0 is a straight line", 0, 20},
      {"shakes", "", "mean number of sudden reversals during the exposure", 0, 20},
      {"pace", "", "how much the camera's speed varies: standard deviation of its logarithm", 0, 3},
      {"defocus", "px", "standard deviation of the Gaussian blur of a lens slightly out of focus", 0, 10},
      {"disc", "px", "radius of the disc into which a lens out of focus spreads a point", 0, 30},
      {"noise", "levels", "standard deviation of the sensor noise, of 255 levels", 0, 50},
  };
  return params;
}

FloatImage motion_blur(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool wide = severity == Severity::training;
  const BlurPlan plan = draw_plan(params, random, wide);
  FloatImage out = gt;
  const std::vector<Tap> taps = kernel_taps(trajectory(plan.length, plan.curvature, plan.shakes, plan.pace, random));
  if (plan.length > 0 || plan.defocus > 0 || plan.disc > 0) {
    FloatImage light = to_linear(gt);
    gaussian_blur(light, plan.defocus);
    if (plan.disc > 0) light = convolve(light, disc_taps(plan.disc));
    out = to_srgb(convolve(light, taps));
  }
  if (plan.noise > 0) {
    std::vector<float> field(out.data.size());
    fill_normal(field, random);
    const float scale = float(plan.noise / 255);
    for (size_t i = 0; i < field.size(); ++i) out.data[i] += scale * field[i];
  }
  return out;
}

}  // namespace daclip
