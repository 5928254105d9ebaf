// Activation checkpointing (Chen et al. 2016): a part of a network keeps only its inputs and runs again for the
// backward pass, which trades a second evaluation for memory.
#pragma once

#include <functional>

#include "ops/tensor.h"

namespace daclip {

// block(x, side) of tensors of TorchBackend; `side` may be absent. Gradients flow to x, to `side` and to the leaves
// that the block uses, for backward() only (not for torch::autograd::grad). What the block refers to must exist until
// then.
Tensor recompute(const std::function<Tensor(const Tensor& x, const Tensor& side)>& block, const Tensor& x,
                 const Tensor& side);

}  // namespace daclip
