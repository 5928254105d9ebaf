// Depth-wise convolution of (N,H,W,C) maps, differentiable: own kernels for 3x3 in float32 on the CPU, LibTorch's
// elsewhere.
#pragma once

#include <torch/torch.h>

namespace daclip {

// x (N,H,W,C), w (C,1,k,k) with k odd, b (C) or undefined -> (N,H,W,C), zero padding.
torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b);

}  // namespace daclip
