// What a NAFBlock does between its matrix products, on maps (N,P,C) of P positions: CUDA kernels of our own on a device,
// where each is one pass over memory; plain LibTorch elsewhere, which is what they are tested against. None is
// differentiable: nafblock_maps.cpp puts the gradients together.
#pragma once

#include <torch/torch.h>

namespace daclip {

// Whether the kernels take such maps: on a device, float32 or bfloat16, channels that groups of threads share evenly.
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

// Its gradient by x, where the gate's own is grad * scale + shift, scale and shift (N,C) float32 or both undefined.
torch::Tensor gate_maps_grad(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& scale,
                             const torch::Tensor& shift);

// Sums of a, or of a * b, over the positions: (N,C) float32.
torch::Tensor sum_maps(const torch::Tensor& a, const torch::Tensor& b = {});

// x * scale, scale (N,C) float32.
torch::Tensor scale_maps(const torch::Tensor& x, const torch::Tensor& scale);

}  // namespace daclip
