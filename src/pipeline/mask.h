// Holes of a photo (Mask, daclip/restorer.h).
#pragma once

#include "daclip/restorer.h"

namespace daclip {

// Holes become white, as the network has seen them in training.
Image with_white_holes(const Image& photo, const Mask& mask);

// Outside the holes `result` gets the photo's own samples back.
void copy_kept_pixels(const Image& photo, const Mask& mask, Image& result);

}  // namespace daclip
