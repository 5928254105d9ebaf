// Attention on torch tensors, differentiable.
#pragma once

#include <torch/torch.h>

namespace daclip {

// q (N,T,D), k and v (N,S,D) -> (N,T,D); see Backend::attention.
torch::Tensor multi_head_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads,
                                   bool causal);

// q, k, v (N,P,D) -> (N,P,D); see Backend::linear_attention.
torch::Tensor multi_head_linear_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                          int heads);

// qkv (N,...,3D), temperature (heads) -> (N,...,D); see Backend::channel_attention.
torch::Tensor multi_head_channel_attention(const torch::Tensor& qkv, const torch::Tensor& temperature, int heads);

}  // namespace daclip
