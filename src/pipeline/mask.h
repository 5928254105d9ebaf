// Applies an inpainting mask (Mask, daclip/restorer.h).
#pragma once

#include "daclip/restorer.h"

namespace daclip {

// Fills the holes with white, as in training.
Image with_white_holes(const Image& photo, const Mask& mask);

// Copies the photo's samples outside the holes into `result`.
void copy_kept_pixels(const Image& photo, const Mask& mask, Image& result);

}  // namespace daclip
