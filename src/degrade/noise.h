#pragma once

#include "image/float_image.h"

namespace daclip {

// gt + (sigma/255) * field, not clipped. field: standard normal samples of gt's size; sigma in 8-bit levels.
FloatImage add_noise(const FloatImage& gt, const FloatImage& field, double sigma);

}  // namespace daclip
