// Degradation "uncompleted". Model: parts of the picture are missing and white. Masks are like those of LaMa and
// RePaint: polylines of random segments with round ends, thin (widths 5-15 px) or thick, or boxes, drawn until the
// wanted fraction is missing.
#include <cmath>
#include <numbers>

#include "core/error.h"
#include "degrade/fields.h"
#include "degrade/kinds.h"

namespace daclip {
namespace {

enum Shape { kThin = 0, kThick = 1, kBoxes = 2 };

struct Brush {
  double min_length, max_length, min_width, max_width;  // pixels
  int max_segments;
};

// Clears the rectangle's pixels within `radius` of the segment; returns the number of pixels newly cleared.
size_t clear_capsule(FloatImage& mask, double x0, double y0, double x1, double y1, double radius) {
  const double dx = x1 - x0, dy = y1 - y0, length2 = std::max(dx * dx + dy * dy, 1e-9);
  const int top = std::max(0, int(std::floor(std::min(y0, y1) - radius)));
  const int bottom = std::min(mask.height - 1, int(std::ceil(std::max(y0, y1) + radius)));
  const int left = std::max(0, int(std::floor(std::min(x0, x1) - radius)));
  const int right = std::min(mask.width - 1, int(std::ceil(std::max(x0, x1) + radius)));
  size_t cleared = 0;
  for (int y = top; y <= bottom; ++y) {
    float* row = mask.row(y);
    for (int x = left; x <= right; ++x) {
      const double t = std::clamp(((x - x0) * dx + (y - y0) * dy) / length2, 0.0, 1.0);
      const double ex = x - x0 - t * dx, ey = y - y0 - t * dy;
      if (ex * ex + ey * ey <= radius * radius && row[x] != 0) {
        row[x] = 0;
        ++cleared;
      }
    }
  }
  return cleared;
}

// LaMa's make_random_irregular_mask: the turning angle alternates in sign between segments, and ends stay inside the
// picture.
size_t draw_stroke(FloatImage& mask, const Brush& brush, Random& random) {
  size_t cleared = 0;
  double x = random.uniform(0, mask.width), y = random.uniform(0, mask.height);
  const int64_t segments = 1 + random.below(brush.max_segments);
  for (int64_t i = 0; i < segments; ++i) {
    const double turn = double(random.below(4)) + 0.01, angle = i % 2 ? turn : -turn;
    const double length = random.uniform(brush.min_length, brush.max_length);
    const double width = random.uniform(brush.min_width, brush.max_width);
    const double end_x = std::clamp(x + length * std::sin(angle), 0.0, double(mask.width));
    const double end_y = std::clamp(y + length * std::cos(angle), 0.0, double(mask.height));
    cleared += clear_capsule(mask, x, y, end_x, end_y, width / 2);
    x = end_x;
    y = end_y;
  }
  return cleared;
}

size_t draw_box(FloatImage& mask, double scale, Random& random) {
  const int w = std::min(mask.width, std::max(1, int(random.uniform(20, 100) * scale)));
  const int h = std::min(mask.height, std::max(1, int(random.uniform(20, 100) * scale)));
  const int left = int(random.below(mask.width - w + 1)), top = int(random.below(mask.height - h + 1));
  size_t cleared = 0;
  for (int y = top; y < top + h; ++y)
    for (int x = left; x < left + w; ++x) {
      cleared += mask.at(x, y, 0) != 0;
      mask.at(x, y, 0) = 0;
    }
  return cleared;
}

FloatImage draw_mask(int width, int height, Shape shape, double share, double scale, Random& random) {
  constexpr int kMostShapes = 20000;  // ends the loop if the fraction cannot be reached
  const Brush thin = {10 * scale, 50 * scale, 5 * scale, 15 * scale, 5};
  const Brush thick = {30 * scale, 150 * scale, 25 * scale, 90 * scale, 3};
  FloatImage mask(width, height, 1, 1.f);
  const double wanted = share * double(mask.pixels());
  double missing = 0;
  for (int i = 0; i < kMostShapes && missing < wanted; ++i)
    missing += double(shape == kBoxes ? draw_box(mask, scale, random)
                                      : draw_stroke(mask, shape == kThin ? thin : thick, random));
  return mask;
}

}  // namespace

const std::vector<DegradeParam>& inpainting_params() {
  static const std::vector<DegradeParam> params = {
      {"shape", "", "0 thin strokes, 1 thick strokes, 2 boxes", 0, 2},
      {"share", "", "fraction of the picture that is missing; the last shape drawn may exceed it", 0, 0.95},
      {"scale", "", "size of the shapes; 1 has strokes 5-15 px wide", 0.1, 50},
  };
  return params;
}

FloatImage inpainting(const FloatImage& gt, const Params& params, Random& random, Severity severity) {
  const bool wide = severity == Severity::training;
  const double choice = random.uniform();
  const double drawn_shape = !wide || choice < 0.65 ? kThin : (choice < 0.85 ? kThick : kBoxes);
  const Shape shape = Shape(std::lround(params.get("shape", drawn_shape)));
  // RePaint's hundred thin masks: fractions from 3 % to 50 %, 30 % on average.
  const double share = params.get("share", 0.03 + 0.46 * std::pow(random.uniform(), 0.75));
  const double size = std::max(1.0, std::min(gt.width, gt.height) / 512.0);  // larger photos get larger shapes
  const double variation = std::exp2(random.uniform(-0.7, 0.8));
  const double scale = params.get("scale", wide ? size * variation : size);
  return apply_mask(gt, draw_mask(gt.width, gt.height, shape, share, scale, random));
}

FloatImage apply_mask(const FloatImage& gt, const FloatImage& mask) {
  if (mask.channels != 1 || mask.width != gt.width || mask.height != gt.height)
    throw ShapeError(cat("mask of ", mask.width, "x", mask.height, " with ", mask.channels,
                         " channels, expected one channel of ", gt.width, "x", gt.height));
  FloatImage out = gt;
  for (size_t i = 0; i < mask.data.size(); ++i) {
    const float keep = mask.data[i];
    for (size_t k = 0; k < size_t(gt.channels); ++k) {
      float& v = out.data[i * size_t(gt.channels) + k];
      v = keep * v + (1 - keep);
    }
  }
  return out;
}

}  // namespace daclip
