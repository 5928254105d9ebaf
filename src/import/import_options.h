// Reads import settings from configuration files.
#pragma once

#include <string>

#include "import/import.h"

namespace daclip {

// Sizes given by a configuration file, which are compared with the detected ones.
struct ConfigFacts {
  std::optional<int> embedding, image_size, patch, vision_width, vision_layers;
  std::optional<int> context, vocab, text_width, text_layers;
};

// Fills the absent values of `options` from its configuration files, of which the first one with a value wins, and
// returns the sizes. Throws IoError or FormatError naming the file and entry.
ConfigFacts apply_configs(ImportOptions& options);

// Throws WeightsError listing all sizes that differ from the detected configuration.
void check_facts(const ConfigFacts& facts, const ClipConfig& found, const std::string& where);

}  // namespace daclip
