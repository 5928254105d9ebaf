// Helpers shared by the tests against reference trajectories.
#pragma once

#include "nets/fixtures.h"
#include "sde/sampler.h"

namespace daclip::fixtures {

inline SdeConfig sde_config(const Json& json) {
  SdeConfig config;
  config.max_sigma = json.at("max_sigma");
  config.steps = json.at("T");
  config.eps = json.at("eps");
  const std::string schedule = json.at("schedule");
  config.schedule = schedule == "linear"     ? ThetaSchedule::linear
                    : schedule == "constant" ? ThetaSchedule::constant
                                             : ThetaSchedule::cosine;
  return config;
}

inline std::vector<int> countdown(int from) {
  std::vector<int> times;
  for (int t = from; t >= 0; --t) times.push_back(t);
  return times;
}

}  // namespace daclip::fixtures
