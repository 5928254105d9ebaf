// Exponential moving average of the weights, with the warm-up of ema-pytorch 0.2.3, which DA-CLIP's training uses.
#pragma once

#include "train/params.h"

namespace daclip {

struct EmaOptions {
  double beta = 0.995;         // the decay at the end
  int64_t update_every = 10;   // calls of update() between averagings
  int64_t update_after = 100;  // calls before averaging starts; until then the average follows the weights
  double inverse_gamma = 1, power = 2.0 / 3, min_decay = 0;  // decay = 1 - (1 + n/inverse_gamma)^-power
};

class Ema {
 public:
  // Starts as a copy of `params`, whose tensors it keeps to read from.
  explicit Ema(const NamedParams& params, const EmaOptions& options = {});

  void update();  // after each optimiser step

  // The decay that an averaging now would use.
  double decay() const;

  // The averages, under the parameters' names and sharing storage; with the number of calls this is the whole state.
  NamedParams& averages() { return averages_; }
  const NamedParams& averages() const { return averages_; }
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  NamedParams params_, averages_;
  EmaOptions options_;
  int64_t steps_ = 0;
};

}  // namespace daclip
