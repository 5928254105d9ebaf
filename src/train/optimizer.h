// The optimiser that a configuration names, with its state as checkpoints hold it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "train/adamw.h"
#include "train/config.h"
#include "train/lion.h"
#include "train/muon.h"

namespace daclip {

class Optimizer {
 public:
  // Keeps the tensors of `params`, float32 leaves on one device.
  Optimizer(const NamedParams& params, const OptimizerConfig& config);

  // One update from the gradients that are there; lr is that of this step.
  void step(double lr);

  // The running means, by the prefix of their names in a checkpoint. They share storage, so that filling them and
  // setting the number of steps resumes exactly.
  std::vector<std::pair<std::string, NamedParams*>> state();
  void set_steps(int64_t steps);

 private:
  std::optional<AdamW> adamw_;
  std::optional<Lion> lion_;
  std::optional<Muon> muon_;
};

}  // namespace daclip
