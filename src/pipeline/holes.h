// Holes that can be told from white things in a photo.
#pragma once

#include <optional>

#include "daclip/restorer.h"

namespace daclip {

// The holes of a photo that was cut by a mask: pixels of exactly full white with hard borders inside a textured photo,
// as inpainting's test pictures have them. Absent where white may belong to the picture: margins and backgrounds (white
// along most of its border), soft or compressed edges (values just below white beside it), pages and drawings (no
// texture beside the white). Holes saved as JPEG are not found; they need a mask.
std::optional<Mask> find_holes(const Image& photo);

}  // namespace daclip
