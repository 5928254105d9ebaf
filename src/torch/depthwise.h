// Depth-wise convolution of (N,H,W,C) maps, differentiable: own kernels for 3x3 in float32 on the CPU and, where they
// are built (DACLIP_CUDA), on a CUDA device; LibTorch's elsewhere.
#pragma once

#include <torch/torch.h>

namespace daclip {

// x (N,H,W,C), w (C,1,k,k) with k odd, b (C) or undefined, both float32 -> (N,H,W,C) in the type of x, zero padding.
torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b);

// The 3x3 convolution alone, not differentiable: x (N,H,W,C) float32 on the CPU, or what the device's kernels take, taps (9,C)
// row by row, bias (C) or undefined.
torch::Tensor depthwise3x3(const torch::Tensor& x, const torch::Tensor& taps, const torch::Tensor& bias);

// Its gradients by x and, as (10,C) float32, by the taps and the bias.
std::pair<torch::Tensor, torch::Tensor> depthwise3x3_grads(const torch::Tensor& x, const torch::Tensor& taps,
                                                           const torch::Tensor& grad_y);

}  // namespace daclip
