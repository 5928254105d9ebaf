// Peak signal-to-noise ratio in dB, as the published evaluation computes it.
#pragma once

#include "image/float_image.h"

namespace daclip {

// a, b: RGB in [0,1], of one size; rounded to 8-bit levels first. `crop_border` pixels at each side are left out (the
// published script: 4). Infinity for equal images. Throws ShapeError.
double psnr(const FloatImage& a, const FloatImage& b, int crop_border = 0);

// On Y of the 8-bit levels.
double psnr_y(const FloatImage& a, const FloatImage& b, int crop_border = 0);

}  // namespace daclip
