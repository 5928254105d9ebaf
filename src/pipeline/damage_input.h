// Prepares photos as input of the damage network.
#pragma once

#include <vector>

#include "image/image.h"
#include "nets/damage_net.h"

namespace daclip {

struct DamageInput {
  std::vector<float> view;   // (view, view, 3), normalised as in LPIPS
  std::vector<float> tiles;  // (grid*grid, tile, tile, 3), likewise
};

// view: the whole photo resized, ignoring its aspect ratio. tiles: native pixels from a regular grid, at multiples of
// 8, so that JPEG blocks keep their phase; photos smaller than a tile are extended by reflection. rgb: any size from
// 1x1, in [0,1].
DamageInput damage_input(const FloatImage& rgb, const DamageConfig& config);

// Same for an 8 or 16 bit picture, which is never converted to floats as a whole if it is large.
DamageInput damage_input(const Image& image, const DamageConfig& config);

}  // namespace daclip
