#pragma once

#include <cstdint>

#include "image/float_image.h"

namespace daclip {

// The "wild" degradations of DA-CLIP's follow-up (arXiv 2404.09732), modelled on Real-ESRGAN: three passes of blur,
// resizing, noise and JPEG, each in random order; docs/degradations.md lists them. gt: RGB in [0,1], any size. Result:
// same size, multiples of 1/255; the same for the same seed. Throws ShapeError if gt is not RGB.
FloatImage degrade_wild(const FloatImage& gt, uint64_t seed);

}  // namespace daclip
