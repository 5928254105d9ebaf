// The embeddings from DA-CLIP that condition a restoration network.
#pragma once

#include "ops/tensor.h"

namespace daclip {

// Each network's header documents how it uses them and what it does if one is absent.
struct Contexts {
  Tensor content{};      // e_c (N, content), not normalised, or absent
  Tensor degradation{};  // e_d (N, degradation), not normalised, or absent
};

// Lengths of the embeddings that condition a network; 0: it takes none.
struct ContextDims {
  int content = 0, degradation = 0;
};

}  // namespace daclip
