// Pictures in which there is nothing to recognise.
#pragma once

#include "image/image.h"

namespace daclip {

// Whether the photo is one flat colour throughout: a lens cap, a blank page, a fade to black. Sensor noise may lie over
// it. Photos below 32 pixels a side are never featureless, as their pixels may be all there is.
bool is_featureless(const Image& photo);

}  // namespace daclip
