// What DA-CLIP tells a restoration network.
#pragma once

#include "ops/tensor.h"

namespace daclip {

// How a network takes them, and what it does where one is absent, its header says.
struct Contexts {
  Tensor content{};      // e_c (N, content_dim) as DA-CLIP gives it, not normalised, or absent
  Tensor degradation{};  // e_d (N, degradation_dim), not normalised, or absent
};

}  // namespace daclip
