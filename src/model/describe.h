// Describes a model's configuration.
#pragma once

#include <string>
#include <vector>

#include "model/model_config.h"

namespace daclip {

// One line per part, such as "image tower: ViT, width 768, ...".
std::vector<std::string> describe(const ModelConfig& config);

}  // namespace daclip
