// The eight ways in which a picture can be turned and mirrored, by their EXIF numbers.
#pragma once

#include "image/image.h"

namespace daclip {

// The picture as an EXIF orientation (1-8) wants it seen; other numbers leave it as it is.
Image upright(Image image, int orientation);

// What undoes it.
int inverse_orientation(int orientation);

}  // namespace daclip
