// What configuration files tell an import.
#pragma once

#include <string>

#include "import/import.h"

namespace daclip {

// What a configuration file tells besides the options of ImportOptions: compared with what was detected.
struct ConfigFacts {
  std::optional<int> embedding, image_size, patch, vision_width, vision_layers;
  std::optional<int> context, vocab, text_width, text_layers;
};

// Fills what `options` leaves open from its configuration files, the first that tells it; returns the rest. Throws
// IoError, FormatError naming the file and entry.
ConfigFacts apply_configs(ImportOptions& options);

// Throws WeightsError with everything in which the facts differ from the configuration.
void check_facts(const ConfigFacts& facts, const ClipConfig& found, const std::string& where);

}  // namespace daclip
