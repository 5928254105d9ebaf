// A model's configuration in words.
#pragma once

#include <string>
#include <vector>

#include "model/model_config.h"

namespace daclip {

// A line for each part: "image tower: ViT, width 768, ...".
std::vector<std::string> describe(const ModelConfig& config);

}  // namespace daclip
