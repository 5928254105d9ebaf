// What DA-CLIP gives a restoration network.
#pragma once

#include "ops/tensor.h"

namespace daclip {

// Each network's header says how they enter, and what it does where one is absent.
struct Contexts {
  Tensor content{};      // e_c (N, content) as DA-CLIP gives it, not normalised, or absent
  Tensor degradation{};  // e_d (N, degradation), not normalised, or absent
};

// Lengths of the embeddings that steer a network; 0: the network takes none.
struct ContextDims {
  int content = 0, degradation = 0;
};

}  // namespace daclip
