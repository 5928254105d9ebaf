// Resampling. Needs no codec.
#pragma once

#include "image/float_image.h"

namespace daclip {

enum class Filter { box, bilinear, bicubic, lanczos };  // Pillow's kernels; bicubic has a = -0.5

// Antialiased as Pillow does it (the kernel widens when shrinking), in float.
FloatImage resize(const FloatImage& image, int width, int height, Filter filter = Filter::bicubic);

// Pillow's fixed-point arithmetic on 8-bit samples, to the level: image values are k/255 and so are the result's.
FloatImage resize_8bit(const FloatImage& image, int width, int height, Filter filter = Filter::bicubic);

}  // namespace daclip
