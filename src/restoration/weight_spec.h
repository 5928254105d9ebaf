// A weight that a network needs: for checking files, counting parameters, and initialising training.
#pragma once

#include <string>
#include <vector>

#include "ops/tensor.h"

namespace daclip {

struct WeightSpec {
  enum class Init {
    zeros,
    ones,
    fan_in,        // uniform in ±`scale` = ±1/sqrt(fan in): PyTorch's default, also for biases
    constant,      // every element `scale`
    normal,        // standard deviation `scale`
    unit_uniform,  // uniform in [0,1)
  };
  std::string name;
  Shape shape;
  Init init = Init::zeros;
  double scale = 0;
};

}  // namespace daclip
