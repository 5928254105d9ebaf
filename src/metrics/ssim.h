// Structural similarity (Wang et al. 2004) with an 11x11 Gaussian window, sigma 1.5, at positions fully inside the
// image.
#pragma once

#include "image/image.h"

namespace daclip {

inline constexpr int kSsimWindow = 11;

// a, b: RGB in [0,1], of one size, at least kSsimWindow pixels a side after cropping; rounded to 8-bit levels first.
// The mean over pixels and channels, 1 for equal images. Throws ShapeError.
double ssim(const FloatImage& a, const FloatImage& b, int crop_border = 0);

// Same, on Y of the 8-bit levels.
double ssim_y(const FloatImage& a, const FloatImage& b, int crop_border = 0);

// Of pictures as files hold them, grey taken as RGB. Works through strips, so that size costs no memory.
double ssim(const Image& a, const Image& b, int crop_border = 0);
double ssim_y(const Image& a, const Image& b, int crop_border = 0);

}  // namespace daclip
