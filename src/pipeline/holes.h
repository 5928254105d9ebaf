// Holes that can be told from white things in a photo.
#pragma once

#include <optional>

#include "daclip/restorer.h"

namespace daclip {

// The holes of a photo that was cut by a mask of strokes, as inpainting's test pictures have them: exactly full white,
// with hard borders that cut through the photo wherever they fall, in strokes of the usual width all over it. Absent
// where white may belong to the picture: margins and backgrounds, frames, boxes and text, overexposed areas, pages and
// drawings. Holes in the form of rectangles, or saved as JPEG, are not found; they need a mask.
std::optional<Mask> find_holes(const Image& photo);

}  // namespace daclip
