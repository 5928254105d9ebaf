// The cost of each network of a model, counted and measured on this machine.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "ops/backend.h"

namespace daclip {

// A network that can run on any backend.
struct Network {
  std::string name;
  std::vector<WeightSpec> weights;
  int height = 0, width = 0;                          // of its input picture; 0: its input is text
  int evaluations = 1;                                // per photo: steps of the sampler
  std::function<void(Backend&, const Weights&)> run;  // one evaluation
  bool restores = false;                              // a restoration network, not a part of CLIP
};

// The networks of a model: image tower and controller, text tower, damage network, and the restoration network at this
// picture size.
std::vector<Network> networks_of(const ModelConfig& config, int height, int width);

// The networks in the paper's configurations. Their weights are not needed.
std::vector<Network> published_networks(int height, int width);

struct NetworkCost {
  int64_t parameters = 0;
  double multiply_adds = 0;  // per evaluation, without pointwise operations
  double seconds = 0;        // per evaluation: median of `rounds`, after one warm-up
  uint64_t peak_bytes = 0;   // of the whole process, including weights; 0: not available on this system
};

// Counts parameters and multiply-adds without computing anything.
NetworkCost count(const Network& network);

// Fills all fields, with random weights, since the cost does not depend on them. `backend` must return a new backend,
// so that the peak excludes memory of other networks.
NetworkCost measure(const Network& network, const std::function<std::unique_ptr<Backend>()>& backend, int rounds = 5);

}  // namespace daclip
