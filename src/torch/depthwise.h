// Differentiable depth-wise convolution of (N,H,W,C) maps. 3x3 kernels in float32 on the CPU, and on a CUDA device if
// built with DACLIP_CUDA, use our own code; all else uses LibTorch's.
#pragma once

#include <torch/torch.h>

namespace daclip {

// x (N,H,W,C), w (C,1,k,k) with odd k, b (C) or undefined, w and b in float32 -> (N,H,W,C) in the type of x,
// zero-padded.
torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b);

// The 3x3 convolution without autograd: x (N,H,W,C) in float32 on the CPU, or in any type of the device's kernels; taps
// (9,C) row by row; bias (C) or undefined.
torch::Tensor depthwise3x3(const torch::Tensor& x, const torch::Tensor& taps, const torch::Tensor& bias);

// Its gradients with respect to x and, as (10,C) float32, to the taps and the bias.
std::pair<torch::Tensor, torch::Tensor> depthwise3x3_grads(const torch::Tensor& x, const torch::Tensor& taps,
                                                           const torch::Tensor& grad_y);

}  // namespace daclip
