// Cropping and turning pictures.
#pragma once

#include "core/random.h"
#include "image/float_image.h"

namespace daclip {

struct CropPlan {
  int x = 0, y = 0, width = 0, height = 0;
  // 0-7: bit 0 mirrors left to right, bit 1 top to bottom, bit 2 swaps rows and columns (square crops only).
  int turn = 0;
};

// A random square of `size` within width x height, in one of eight orientations. Throws ShapeError where it does not
// fit.
CropPlan random_square(int width, int height, int size, Random& random);

// A random rectangle with at least the fraction `area_min` of the photo's area, not turned. It starts at multiples of
// 8, so that JPEG's blocks keep their phase.
CropPlan random_region(int width, int height, double area_min, Random& random);

FloatImage crop(const FloatImage& image, const CropPlan& plan);

// As crop, writing (height, width, channels) floats to `out`.
void crop_into(const FloatImage& image, const CropPlan& plan, float* out);

}  // namespace daclip
