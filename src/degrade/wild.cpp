#include "degrade/wild.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <set>
#include <span>

#include "core/error.h"
#include "core/random.h"
#include "degrade/blur_kernels.h"
#include "degrade/degrade.h"
#include "degrade/fields.h"

namespace daclip {
namespace {

constexpr double kPi = std::numbers::pi;

enum class Step { blur, resize, noise, jpeg };

struct BlurRange {
  double chance;
  int max_radius;
  double max_sigma, sinc_share;
};

BlurKernel draw_kernel(int size, double max_sigma, Random& random) {
  const double sigma_x = random.uniform(0.2, max_sigma), sigma_y = random.uniform(0.2, max_sigma);
  const double theta = random.uniform(-kPi, kPi), degrees = random.uniform(0, 180);
  const double bell = random.chance(0.5) ? random.uniform(0.5, 1) : random.uniform(1, 2);
  const double table = random.chance(0.5) ? 1 : random.uniform(1, 1.5);
  // The published code draws measured point spread functions with probability 0.03; the other kinds take it over.
  const double kind = random.uniform(0, 0.97);
  BlurKernel kernel;
  if (kind < 0.35)
    kernel = gaussian_kernel(size, sigma_x, sigma_x, 0);
  else if (kind < 0.55)
    kernel = gaussian_kernel(size, sigma_x, sigma_y, theta);
  else if (kind < 0.65)
    kernel = gaussian_kernel(size, sigma_x, sigma_x, 0, bell);
  else if (kind < 0.68)
    kernel = gaussian_kernel(size, sigma_x, sigma_y, theta, bell);
  else if (kind < 0.78)
    return plateau_kernel(size, sigma_x, sigma_x, 0, table);
  else if (kind < 0.81)
    return plateau_kernel(size, sigma_x, sigma_y, theta, table);
  else if (kind < 0.91)
    return disc_kernel(size);
  else if (kind < 0.94)
    return box_kernel(size);
  else
    return line_kernel(size > 15 ? size - 10 : size, degrees);
  for (double& weight : kernel.weights) weight *= random.uniform(0.9, 1.1);
  normalise(kernel);
  return kernel;
}

FloatImage blur(const FloatImage& image, const BlurRange& range, Random& random) {
  if (!random.chance(range.chance)) return image;
  const int size = 5 + 2 * int(random.below(range.max_radius - 2));  // odd, 5 to 2 max_radius - 1
  if (random.chance(range.sinc_share))
    return filter(image, sinc_kernel(size, random.uniform(size < 13 ? kPi / 3 : kPi / 5, kPi)));
  return filter(image, draw_kernel(size, range.max_sigma, random));
}

FloatImage resize_randomly(const FloatImage& image, int width, int height, Random& random) {
  constexpr std::array filters = {CvFilter::area, CvFilter::cubic, CvFilter::linear};
  return cv_resize(image, std::max(1, width), std::max(1, height), filters[size_t(random.below(3))]);
}

void add_gaussian_noise(FloatImage& image, Random& random) {
  const auto sigma = float(random.uniform(1, 5) / 255);
  const size_t channels = random.chance(0.4) ? 1 : 3;
  std::vector<float> field(image.pixels() * channels);
  fill_normal(field, random);
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] += sigma * field[channels == 1 ? i / 3 : i];
}

// Knuth's product method for small means, the normal approximation for large ones.
double draw_poisson(double mean, Random& random) {
  if (mean > 30) return std::max(0.0, std::floor(mean + std::sqrt(mean) * random.normal() + 0.5));
  const double limit = std::exp(-mean);
  int count = 0;
  for (double product = random.uniform(); product > limit; product *= random.uniform()) ++count;
  return count;
}

// Real-ESRGAN's random_add_poisson_noise: one photon per level, where the number of levels is that of the picture's
// distinct values, rounded up to a power of two.
void add_poisson_noise(FloatImage& image, Random& random) {
  const auto scale = float(random.uniform(0.01, 0.5));
  const bool grey = random.chance(0.4);
  FloatImage light = grey ? luma(image) : image;
  round_to_bytes(light);
  const std::set<float> values(light.data.begin(), light.data.end());
  const auto levels = double(std::bit_ceil(values.size()));
  for (float& v : light.data) v = float(draw_poisson(double(v) * levels, random) / levels) - v;
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] += scale * light.data[grey ? i / 3 : i];
}

FloatImage add_noise(FloatImage image, double chance, Random& random) {
  if (!random.chance(chance)) return image;
  if (random.chance(0.6)) add_gaussian_noise(image, random);
  image.clamp();
  if (random.chance(0.4)) add_poisson_noise(image, random);
  round_to_bytes(image);
  return image;
}

FloatImage compress(const FloatImage& image, int lowest, int highest, Random& random) {
  if (!random.chance(0.4)) return image;
  const double quality = double(lowest + random.below(highest - lowest + 1));
  return degrade(image, DegradeSpec{"jpeg-compressed", {{"quality", quality}}}, 0);
}

void shuffle(std::span<Step> steps, Random& random) {
  for (size_t i = steps.size(); i > 1; --i) std::swap(steps[i - 1], steps[size_t(random.below(int64_t(i)))]);
}

}  // namespace

FloatImage degrade_wild(const FloatImage& gt, uint64_t seed) {
  if (gt.channels != 3 || gt.width < 1 || gt.height < 1)
    throw ShapeError(cat("degrade_wild: image of ", gt.width, "x", gt.height, " with ", gt.channels,
                         " channels, expected RGB of at least 1x1"));
  Random random(seed);
  const bool resizes = random.chance(0.8);
  FloatImage image = gt;

  std::array first = {Step::blur, Step::resize, Step::noise, Step::jpeg};
  shuffle(first, random);
  for (const Step step : first) {
    if (step == Step::blur) image = blur(image, {0.8, 10, 2.2, 0.1}, random);
    if (step == Step::noise) image = add_noise(std::move(image), 0.4, random);
    if (step == Step::jpeg) image = compress(image, 60, 95, random);
    if (step == Step::resize && resizes) {
      const double factor = 1 / random.uniform(0.5, 1.4);
      image = resize_randomly(image, int(gt.width * factor), int(gt.height * factor), random);
    }
  }
  std::array second = {Step::blur, Step::noise};
  shuffle(second, random);
  for (const Step step : second)
    image = step == Step::blur ? blur(image, {0.4, 5, 1.5, 0.1}, random) : add_noise(std::move(image), 0.2, random);

  std::array third = {Step::blur, Step::resize, Step::jpeg};
  shuffle(third, random);
  for (const Step step : third) {
    if (step == Step::blur) image = blur(image, {0.8, 10, 1.0, 0.8}, random);
    if (step == Step::jpeg) image = compress(image, 80, 100, random);
    if (step == Step::resize && resizes) image = resize_randomly(image, gt.width, gt.height, random);
  }
  round_to_bytes(image);
  return image;
}

}  // namespace daclip
