// NAFNet (Chen et al. 2022), plain or steered by DA-CLIP's embeddings (SPEC 5), written once for every backend.
// Without contexts its weight names are megvii's: intro, encoders.i.j, downs.i, middle_blks.j, ups.i.0, decoders.i.j, ending.
#pragma once

#include <string>
#include <vector>

#include "nets/weight_spec.h"
#include "ops/backend.h"
#include "ops/weights.h"

namespace daclip {

struct NafnetConfig {
  int channels = 3;
  int width = 64;
  std::vector<int> encoder_blocks = {1, 1, 1, 28};
  int middle_blocks = 1;
  std::vector<int> decoder_blocks = {1, 1, 1, 1};
  int unshuffle = 1;  // pixel-unshuffle before the first convolution and shuffle after the last; 1 is the published network

  // Contexts. 0 leaves the part out, and with both 0 this is exactly the published NAFNet.
  int degradation_dim = 0;   // length of e_d; > 0 adds the prompt module (Fig. 3b) and modulates both norms of every block
  int prompt_dim = 256;      // length of the learned prompt
  int content_dim = 0;       // length of e_c; > 0 adds cross-attention behind the middle blocks
  int attention_heads = 8, attention_head_dim = 64;

  // Test-time local converter (TLC, Chu et al. 2022): pool over windows of this many pixels of the network's input
  // instead of the whole map; 0 pools globally. `local_fast` is the reference's fast_imp.
  int local_height = 0, local_width = 0, local_train_height = 0, local_train_width = 0;
  bool local_fast = false;

  // H and W are zero-padded to a multiple of this.
  int multiple() const { return unshuffle << int(encoder_blocks.size()); }
};

struct Contexts {
  Tensor content;      // e_c (N, content_dim) as DA-CLIP gives it, or absent: then the cross-attention adds nothing
  Tensor degradation;  // e_d (N, degradation_dim), or absent: then nothing is modulated
};

// lq (N,H,W,3) in [0,1] -> the restored image of the same shape, not clamped.
Tensor nafnet(Backend& backend, const NafnetConfig& config, const Scope& weights, const Tensor& lq, const Contexts& contexts = {});

// Every weight that the configuration needs, in a fixed order.
std::vector<WeightSpec> nafnet_weights(const NafnetConfig& config);

}  // namespace daclip
