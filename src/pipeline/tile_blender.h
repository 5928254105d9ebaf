// Restored tiles back into one photo: overlaps blended, a strip of the photo at a time in memory.
#pragma once

#include "image/image.h"
#include "restoration/restoration_network.h"

namespace daclip {

// Every tile of `photo` through `session`, which has been prepared. strength: 0 returns the photo, 1 the network's
// result.
Image restore_tiles(const Image& photo, const TileGrid& grid, TileSession& session, float strength,
                    const ProgressFraction& progress);

}  // namespace daclip
