// What a model costs to run, counted by running its networks without arithmetic.
#pragma once

#include "pipeline/model_config.h"

namespace daclip {

struct ModelCost {
  double daclip = 0;              // multiply-adds of CLIP's image tower and the controller, once a photo
  double restorer_per_pixel = 0;  // multiply-adds of the restoration network for each pixel of a 512x512 photo; of a
                                  // U-Net for each step
};

ModelCost model_cost(const ModelConfig& config);

}  // namespace daclip
