// Lion (Chen et al. 2023), the optimiser of DA-CLIP's IR-SDE configuration files.
#pragma once

#include "train/params.h"

namespace daclip {

struct LionOptions {
  double beta1 = 0.9, beta2 = 0.99;
  double weight_decay = 0;  // of every parameter
};

class Lion {
 public:
  explicit Lion(const NamedParams& params, const LionOptions& options = {});

  // One update from the gradients that are there; lr is that of this step.
  void step(double lr);

  // The running means, sharing storage, for exact resumption.
  NamedParams& moments() { return moments_; }

 private:
  NamedParams params_, moments_;
  LionOptions options_;
};

}  // namespace daclip
