// What each network of a model costs: counted, and measured on this machine.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "ops/backend.h"

namespace daclip {

// One network with all that it needs to be run, on any backend.
struct Network {
  std::string name;
  std::vector<WeightSpec> weights;
  int height = 0, width = 0;                          // of the picture that it sees; 0: it reads a text
  int evaluations = 1;                                // for one photo: the sampler's steps
  std::function<void(Backend&, const Weights&)> run;  // once
  bool restores = false;                              // a restoration network, not one of CLIP's
};

// Of a model: image tower and controller, text tower, restoration network at this size.
std::vector<Network> networks_of(const ModelConfig& config, int height, int width);

// The paper's, in its configurations, whether or not their weights are at hand.
std::vector<Network> published_networks(int height, int width);

struct NetworkCost {
  int64_t parameters = 0;
  double multiply_adds = 0;  // of one evaluation, pointwise work not counted
  double seconds = 0;        // of one evaluation: the median of `rounds`, after one that is not counted
  uint64_t peak_bytes = 0;   // of the whole process while it runs, weights included; 0: this system does not tell
};

// Parameters and multiply-adds, without running anything.
NetworkCost count(const Network& network);

// All of it, with random weights, on which costs do not depend. `backend` makes a new one, so that no network pays for
// another's memory.
NetworkCost measure(const Network& network, const std::function<std::unique_ptr<Backend>()>& backend, int rounds = 5);

}  // namespace daclip
