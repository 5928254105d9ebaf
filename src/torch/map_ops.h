// The operations between a NAFBlock's matrix products, on maps (N,P,C) of P positions. On a CUDA device these are our
// own kernels, each one pass over memory; elsewhere plain LibTorch, which is also the tests' reference. None is
// differentiable: nafblock_maps.cpp assembles the gradients.
#pragma once

#include <torch/torch.h>

namespace daclip {

// Whether the CUDA kernels support x: on a device, float32 or bfloat16, with channels that divide evenly among threads.
bool map_kernels_for(const torch::Tensor& x);

struct Normed {
  torch::Tensor y, stats;  // stats (N,P,2) float32: mean and 1/deviation over the channels
};
// Layer norm over C, eps 1e-6, with gain and bias (N,C) float32 of each map.
Normed layer_norm_maps(const torch::Tensor& x, const torch::Tensor& gain, const torch::Tensor& bias);

struct NormGrads {
  torch::Tensor x, gain, bias;  // x with `residual` added; gain and bias (N,C) float32
};
NormGrads layer_norm_maps_grad(const torch::Tensor& grad_y, const torch::Tensor& x, const torch::Tensor& stats,
                               const torch::Tensor& gain, const torch::Tensor& residual);

// SimpleGate: (N,P,2C) -> (N,P,C), the product of the two halves.
torch::Tensor gate_maps(const torch::Tensor& x);

// Gradient of gate_maps with respect to x. The gate's output gradient is grad * scale + shift, where scale and shift
// are (N,C) float32 or both undefined.
torch::Tensor gate_maps_grad(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& scale,
                             const torch::Tensor& shift);

// Sums of a, or of a * b if b is given, over the positions: (N,C) float32.
torch::Tensor sum_maps(const torch::Tensor& a, const torch::Tensor& b = {});

// x * scale, scale (N,C) float32.
torch::Tensor scale_maps(const torch::Tensor& x, const torch::Tensor& scale);

}  // namespace daclip
