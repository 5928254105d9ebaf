#include "data/crop.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace daclip {

CropPlan random_square(int width, int height, int size, Random& random) {
  if (size > width || size > height) throw ShapeError(cat("crop ", size, " of a ", width, "x", height, " photo"));
  CropPlan plan;
  plan.width = plan.height = size;
  plan.x = int(random.below(width - size + 1));
  plan.y = int(random.below(height - size + 1));
  plan.turn = int(random.below(8));
  return plan;
}

CropPlan random_region(int width, int height, double area_min, Random& random) {
  const double area = random.uniform(area_min, 1);
  const double aspect = std::exp(random.uniform(-0.3, 0.3));  // ratio 3/4 to 4/3
  CropPlan plan;
  plan.width = std::clamp(int(std::lround(width * std::sqrt(area * aspect))), 1, width);
  plan.height = std::clamp(int(std::lround(height * std::sqrt(area / aspect))), 1, height);
  plan.x = int(random.below(width - plan.width + 1)) / 8 * 8;
  plan.y = int(random.below(height - plan.height + 1)) / 8 * 8;
  return plan;
}

void crop_into(const FloatImage& image, const CropPlan& plan, float* out) {
  for (int y = 0; y < plan.height; ++y) {
    for (int x = 0; x < plan.width; ++x) {
      int sx = plan.turn & 1 ? plan.width - 1 - x : x;
      int sy = plan.turn & 2 ? plan.height - 1 - y : y;
      if (plan.turn & 4) std::swap(sx, sy);
      const float* source = image.row(plan.y + sy) + size_t(plan.x + sx) * size_t(image.channels);
      out = std::copy(source, source + image.channels, out);
    }
  }
}

FloatImage crop(const FloatImage& image, const CropPlan& plan) {
  FloatImage result(plan.width, plan.height, image.channels);
  crop_into(image, plan, result.data.data());
  return result;
}

}  // namespace daclip
