// The order of a NAFBlock's tensors as inputs of its autograd functions and of the returned gradients. Norms' gains and
// biases (N,C), 1x1 convolutions (O,I), taps (9,2C), biases (O); all in float32 except x. beta and gamma are already
// multiplied into conv3 and conv5.
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

// The block as matrix products over all positions of all maps, with map_ops.h between them. It is meant for devices but
// runs on any LibTorch backend. x (N,H,W,C) -> (N,H,W,C).
torch::Tensor nafblock_by_maps(const torch::autograd::variable_list& inputs);

}  // namespace daclip
