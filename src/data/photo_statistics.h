// Measurements of a photo that decide whether, and where, a shadow or darkness would be seen on it.
#pragma once

#include "data/crop.h"
#include "data/pack.h"
#include "image/float_image.h"

namespace daclip {

// 0 to 1, estimated from every 41st pixel.
double mean_luma(const PackPhoto& photo);
double mean_luma(const FloatImage& rgb);

// Variance of luma over its squared mean, within `region`: small on plain, bright surfaces.
double roughness(const PackPhoto& photo, const CropPlan& region);

}  // namespace daclip
