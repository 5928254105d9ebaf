// Depth-wise convolution of (N,H,W,C) maps, differentiable: own kernels for 3x3 in float32 on the CPU and, where they
// are built (DACLIP_CUDA), on a CUDA device; LibTorch's elsewhere.
#pragma once

#include <torch/torch.h>

namespace daclip {

// x (N,H,W,C), w (C,1,k,k) with k odd, b (C) or undefined, both float32 -> (N,H,W,C) in the type of x, zero padding.
torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b);

}  // namespace daclip
