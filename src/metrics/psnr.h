// Peak signal-to-noise ratio in dB, as in the published evaluation.
#pragma once

#include "image/image.h"

namespace daclip {

// a, b: RGB in [0,1], of equal size; they are rounded to 8-bit levels first. `crop_border` pixels are removed at each
// side (4 in the published script). Infinity for equal images. Throws ShapeError.
double psnr(const FloatImage& a, const FloatImage& b, int crop_border = 0);

// Same, on Y of the 8-bit levels.
double psnr_y(const FloatImage& a, const FloatImage& b, int crop_border = 0);

// Of pictures as files hold them, grey taken as RGB. Works through strips, so that size costs no memory.
double psnr(const Image& a, const Image& b, int crop_border = 0);
double psnr_y(const Image& a, const Image& b, int crop_border = 0);

}  // namespace daclip
