// Good pictures that are not plain photos: prints with a white border, product shots, pages, drawings, screenshots,
// logos. Recognition must not take their white for holes or their flatness for blur.
#pragma once

#include "core/random.h"
#include "image/float_image.h"

namespace daclip {

// Such a picture of the photo's size, some with a part of the photo in it. photo: RGB in [0,1], at least 1x1. Result:
// in [0,1], multiples of 1/255.
FloatImage made_up_page(const FloatImage& photo, Random& random);

}  // namespace daclip
