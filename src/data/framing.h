// Which part of a photo a training sample shows, and at what size.
#pragma once

#include <cstdint>
#include <vector>

#include "data/crop.h"
#include "data/pack.h"
#include "data/sampler_config.h"

namespace daclip {

// Drawn once for a sample, so that both pictures of a real pair are framed alike.
struct Frame {
  CropPlan part;              // of the photo, before resizing; no width: the whole photo
  int width = 0, height = 0;  // to which the part is resized
  CropPlan region;            // of the resized part
  bool mirrored = false;
  double sharpening = 0;  // amount of unsharp masking; enlarged photos only
};

// The photo at a random size, cut to a region of config.region where it is larger.
Frame draw_frame(const PackPhoto& photo, const SamplerConfig& config, Random& random);

// A square of a fifth to a half of the shorter side, the plainest of eight, enlarged to at least `min_side`: a surface
// on which shadows are photographed.
Frame draw_surface_frame(const PackPhoto& photo, int min_side, Random& random);

// rgb: (photo.height, photo.width, 3), photo.gt or photo.lq -> [0,1], rounded to 8 bit.
FloatImage apply_frame(const std::vector<uint8_t>& rgb, const PackPhoto& photo, const Frame& frame);

}  // namespace daclip
