// The 8-bit values on which PSNR and SSIM are computed. Internal to metrics/.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "image/image.h"

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

// rgb_planes or luma_planes.
using ToPlanes = std::vector<Plane>(const FloatImage& image, int crop_border);

// Gives `add` the planes of two pictures, from top to bottom: whole, or strip by strip for pictures as files hold them.
// Throws ShapeError if the sizes differ or nothing remains after cropping.
using AddPlanes = std::function<void(const std::vector<Plane>& a, const std::vector<Plane>& b)>;
void for_planes(const FloatImage& a, const FloatImage& b, int crop_border, ToPlanes* to_planes, const AddPlanes& add);
void for_planes(const Image& a, const Image& b, int crop_border, ToPlanes* to_planes, const AddPlanes& add);

}  // namespace daclip
