// Measurements of a clean photo that decide whether, and where, a shadow on it would be seen.
#pragma once

#include "data/crop.h"
#include "data/pack.h"

namespace daclip {

// 0 to 1, estimated from every 41st pixel.
double mean_luma(const PackPhoto& photo);

// Variance of luma over its squared mean, within `region`: small on plain, bright surfaces.
double roughness(const PackPhoto& photo, const CropPlan& region);

}  // namespace daclip
