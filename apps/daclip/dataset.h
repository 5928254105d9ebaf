// The parts of the verb dataset.
#pragma once

#include "verbs.h"

namespace daclip::app {

void add_dataset_check(CLI::App& verb, Run& run);
void add_dataset_build(CLI::App& verb, Run& run);
void add_dataset_caption(CLI::App& verb, Run& run);

}  // namespace daclip::app
