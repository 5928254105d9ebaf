// Converts images of the C API to Image and back.
#pragma once

#include "daclip/daclip.h"
#include "daclip/image.h"

namespace daclip {

// Copies an image; 8-bit samples stay 8 bit, others become 16 bit. Throws ShapeError for invalid fields and LimitError
// for too many pixels. `what` names the image in errors.
Image from_c(const daclip_image& image, const char* what);

// Copies `image` into the caller's memory. Throws ShapeError if size, channels or bit depth differ from those of
// `image`.
void to_c(const Image& image, const daclip_image& target);

}  // namespace daclip
