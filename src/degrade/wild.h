#pragma once

#include <cstdint>

#include "image/float_image.h"

namespace daclip {

// The "wild" degradations of DA-CLIP's follow-up, in the manner of Real-ESRGAN: three passes of blur, resizing, noise
// and JPEG, each in a random order, as docs/degradations.md lists them. gt: RGB in [0,1], any size. Result: the same
// size, multiples of 1/255. The same for the same seed. Throws ShapeError where gt is not RGB.
FloatImage degrade_wild(const FloatImage& gt, uint64_t seed);

}  // namespace daclip
