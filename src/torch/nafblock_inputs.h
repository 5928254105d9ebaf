// The order in which a NAFBlock's tensors enter its differentiable functions and their gradients leave. Norms' gains and biases
// (N,C), 1x1 convolutions (O,I), taps (9,2C), biases (O); all float32 but x. beta and gamma are already in conv3 and conv5.
#pragma once

#include <torch/torch.h>

namespace daclip {

enum NafInput {
  kX,
  kGain1,
  kBias1,
  kConv1,
  kConv1Bias,
  kTaps,
  kTapsBias,
  kAttention,
  kAttentionBias,
  kConv3,
  kConv3Bias,
  kGain2,
  kBias2,
  kConv4,
  kConv4Bias,
  kConv5,
  kConv5Bias,
  kNafInputs
};

// The block as matrix products over all positions of all maps with map_ops.h between them: for devices, on any backend of
// LibTorch. x (N,H,W,C) -> (N,H,W,C).
torch::Tensor nafblock_by_maps(const torch::autograd::variable_list& inputs);

}  // namespace daclip
