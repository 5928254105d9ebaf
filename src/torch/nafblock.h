// A whole NAFBlock as one differentiable operation: nafblock_kernels.h on the CPU, nafblock_inputs.h on a CUDA device.
#pragma once

#include <torch/torch.h>

namespace daclip {

// The block's weights; 1x1 convolutions are (O,I). The norms' gains and biases are (C), or (N,C) if they differ per
// map.
struct NafBlockParams {
  torch::Tensor gain1, bias1;
  torch::Tensor conv1, conv1_bias;          // (2C,C), (2C)
  torch::Tensor depthwise, depthwise_bias;  // (2C,1,3,3), (2C)
  torch::Tensor attention, attention_bias;  // (C,C), (C)
  torch::Tensor conv3, conv3_bias, beta;    // (C,C), (C), (C)
  torch::Tensor gain2, bias2;
  torch::Tensor conv4, conv4_bias;         // (2C,C), (2C)
  torch::Tensor conv5, conv5_bias, gamma;  // (C,C), (C), (C)
};

// Whether nafblock() supports such maps on this machine. Channels must be a multiple of 16, in float32 on a CPU with
// AVX2, or in float32 or bfloat16 on a CUDA device if built with DACLIP_CUDA.
bool nafblock_supported(const torch::Tensor& x);

// x (N,H,W,C) -> (N,H,W,C); global channel attention, norm eps 1e-6.
torch::Tensor nafblock(const torch::Tensor& x, const NafBlockParams& params);

// The inputs of the autograd functions, in the order of nafblock_inputs.h.
torch::autograd::variable_list nafblock_inputs(const torch::Tensor& x, const NafBlockParams& params);

}  // namespace daclip
