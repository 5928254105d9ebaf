// Images of the C API to ours and back.
#pragma once

#include "daclip/daclip.h"
#include "daclip/image.h"

namespace daclip {

// A copy: 8-bit samples stay so, others become 16 bit. Throws ShapeError for fields that make no sense.
Image from_c(const daclip_image& image, const char* what);

// Into memory of the caller. Throws ShapeError where size, channels or type differ from those of `image`.
void to_c(const Image& image, const daclip_image& target);

}  // namespace daclip
