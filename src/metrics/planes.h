// The 8-bit values on which PSNR and SSIM are computed. Internal to metrics/.
#pragma once

#include <array>
#include <vector>

#include "image/float_image.h"

namespace daclip {

// One channel in [0,255], row-major.
struct Plane {
  int width = 0, height = 0;
  std::vector<double> values;

  double at(int x, int y) const { return values[size_t(y) * size_t(width) + size_t(x)]; }
  const double* row(int y) const { return values.data() + size_t(y) * size_t(width); }
};

// The channels of an RGB image rounded to 8-bit levels, with `crop_border` pixels removed at each side. Throws
// ShapeError if the image is not RGB or nothing remains.
std::vector<Plane> rgb_planes(const FloatImage& image, int crop_border);

// Y (ITU-R BT.601, 16-235) of the 8-bit levels, not rounded, like the reference's bgr2ycbcr on floats.
std::vector<Plane> luma_planes(const FloatImage& image, int crop_border);

// Throws ShapeError if the sizes differ.
void check_pair(const FloatImage& a, const FloatImage& b, const char* metric);

}  // namespace daclip
