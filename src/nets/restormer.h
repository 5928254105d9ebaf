// Restormer (Zamir et al. 2022) and PromptIR (Potlapalli et al. 2023), which is Restormer with degradation prompts in
// the decoder; either may attend to DA-CLIP's content embedding (DA-CLIP, Table 6). For any backend. Weights have the
// published names: encoder_level1.0.attn.qkv, latent, decoder_level3, prompt1, ...
//
// Blocks attend between channels, over all positions of the map. A pixel's result therefore depends on the whole
// picture, or on its tile.
#pragma once

#include <memory>
#include <vector>

#include "restoration/direct_network.h"

namespace daclip {

struct RestormerConfig {
  int width = 48;                          // channels at full resolution; doubled at every level
  std::vector<int> blocks = {4, 6, 6, 8};  // of the four levels, full resolution first; the last is the latent
  std::vector<int> heads = {1, 2, 4, 8};   // of the levels' blocks
  int refinement_blocks = 4;               // after the decoder, at full resolution
  double expansion = 2.66;                 // of the feed-forward layers' hidden channels
  bool bias = false;                       // of all layers in blocks and of the output convolution
  bool norm_bias = true;                   // "WithBias": norms subtract the mean and have a bias

  // PromptIR's prompts after the latent and the decoder's levels 3 and 2, listed full resolution first as `prompt1`,
  // `prompt2`, `prompt3`: channels and side of the learned maps. Empty: plain Restormer.
  std::vector<int> prompt_channels = {}, prompt_sides = {};
  int prompts = 5;       // maps per level, of which the picture's features choose a mixture
  int prompt_heads = 4;  // of the blocks that take the prompts in

  int content_dim = 0;  // length of e_c; > 0 adds cross-attention after the latent
  int attention_heads = 8, attention_head_dim = 64;

  // H and W are padded to a multiple of this by reflection.
  int multiple() const { return 8; }
};

// PromptIR as published: 35.6 M parameters.
RestormerConfig promptir_config();

// lq (N,H,W,3) in [0,1] -> the restored picture, same shape, not clamped. An absent content skips the cross-attention.
// Throws UsageError for a context without a module in the configuration.
Tensor restormer(Backend& backend, const RestormerConfig& config, const Scope& weights, const Tensor& lq,
                 const Contexts& contexts = {});

// All weights that the configuration needs, in a fixed order.
std::vector<WeightSpec> restormer_weights(const RestormerConfig& config);

// visit() lists the fields with their ranges. validate() checks ranges and consistency and throws FormatError.
void visit(ConfigVisitor& visitor, RestormerConfig& config);
void validate(const RestormerConfig& config);

// The network behind the common interface. Throws FormatError for an invalid configuration.
std::unique_ptr<DirectNetwork> make_restormer(const RestormerConfig& config);

}  // namespace daclip
