// Between a picture as files hold it (daclip/image.h) and the float picture that the networks see.
#pragma once

#include <string_view>

#include "daclip/image.h"
#include "image/float_image.h"

namespace daclip {

// Throws ShapeError where the fields contradict each other; `where` names the caller.
void validate(const Image& image, std::string_view where);

// RGB in [0,1] without alpha; grey is repeated in the three channels.
FloatImage to_rgb(const Image& image);

// `rgb` (same size) in the form of `like`: its bit depth, grey or colour, alpha, profile and EXIF. Values are clamped
// to [0,1] and rounded to nearest. Throws ShapeError where the sizes differ.
Image from_rgb(const FloatImage& rgb, const Image& like);

// An 8-bit RGB image without metadata.
Image from_rgb(const FloatImage& rgb);

}  // namespace daclip
