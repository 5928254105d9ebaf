// Blends restored tiles into one photo. Only a strip one tile high is held as floats.
#pragma once

#include "image/image.h"
#include "restoration/restoration_network.h"

namespace daclip {

// Restores every tile of `photo` with `session`, which must be prepared, and blends the results. strength: 0 returns
// the photo, 1 the network's result.
Image restore_tiles(const Image& photo, const TileGrid& grid, TileSession& session, float strength,
                    const ProgressFraction& progress);

}  // namespace daclip
