// IR-SDE's mean-reverting process (SPEC 3): what noise and how much of the clean picture a state holds at time t. With
// mu = LQ and x_0 = GT, a state is x_t = mu + alpha(t) (x_0 - mu) + sigma_bar(t) * noise, alpha(t) = exp(-Theta_t dt).
// All in double precision.
#pragma once

#include <vector>

namespace daclip {

enum class ThetaSchedule { cosine, linear, constant };

struct SdeConfig {
  double max_sigma = 50;  // the stationary deviation: in 255ths where it is 1 or more, in the picture's units below
  int steps = 100;        // T: the network knows times 1..T
  ThetaSchedule schedule = ThetaSchedule::cosine;
  double eps = 0.005;     // alpha(T): what is left of the clean picture
};

}  // namespace daclip
