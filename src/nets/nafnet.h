// NAFNet (Chen et al. 2022), plain or steered by DA-CLIP's embeddings (DA-CLIP, Section 5.2 and Appendix B.4),
// written once for every backend. Without contexts its weight names are megvii's: intro, encoders.i.j, downs.i,
// middle_blks.j, ups.i.0, decoders.i.j, ending.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "restoration/direct_network.h"

namespace daclip {

struct NafnetConfig {
  int channels = 3;
  int width = 64;
  std::vector<int> encoder_blocks = {1, 1, 1, 28};
  int middle_blocks = 1;
  std::vector<int> decoder_blocks = {1, 1, 1, 1};
  int unshuffle = 1;  // pixel-unshuffle before the first convolution and shuffle after the last; 1: as published

  // Contexts. 0 leaves the part out, and with both 0 this is exactly the published NAFNet.
  int degradation_dim = 0;  // length of e_d; > 0 adds the prompt module (Fig. 3b), which steers every block's norms
  int prompt_dim = 256;     // length of the learned prompt
  int content_dim = 0;      // length of e_c; > 0 adds cross-attention behind the middle blocks
  int attention_heads = 8, attention_head_dim = 64;

  // Test-time local converter (TLC, Chu et al. 2022; megvii's NAFNetLocal): channel attention pools over windows that
  // cover local_height x local_width pixels of the input (base_size) instead of the whole map; 0 pools globally. The
  // training size is what the reference fixes its windows by, in whole pixels of each level's map; 0 takes the window
  // itself. `local_fast` is the reference's fast_imp.
  int local_height = 0, local_width = 0, local_train_height = 0, local_train_width = 0;
  bool local_fast = false;

  // H and W are zero-padded to a multiple of this.
  int multiple() const { return unshuffle << int(encoder_blocks.size()); }
};

// How the contexts enter is ours, as no code was published (DA-CLIP, Section 5.2). Both are scaled to length sqrt(dim)
// first, whatever length DA-CLIP gave them, so that their entries are of order one.
//   p = prompt_linear(prompt_dim * softmax(prompt_mlp(e_d)) * prompt), once per image (Fig. 3b; times prompt_dim, since
//   a softmax over many entries would leave p to its bias); each block's Linear(SiLU(p)), `<block>.prompt`, gives scale
//   and shift of norm1, then of norm2. It starts at zero: an untrained steer changes nothing.
//   mid_attn: x + to_out(attention(to_q(norm(x)), to_k(e_c), to_v(e_c))) with e_c as the one token; to_out starts at
//   zero.
// Without a degradation nothing is modulated, without a content the cross-attention adds nothing.

// lq (N,H,W,3) in [0,1] -> the restored image of the same shape, not clamped. `pooling`, if given, replaces the mean
// over the map, or over TLC's windows. A context that the configuration has no part for is refused with UsageError.
Tensor nafnet(Backend& backend, const NafnetConfig& config, const Scope& weights, const Tensor& lq,
              const Contexts& contexts = {}, const Pooling& pooling = {});

// Every weight that the configuration needs, in a fixed order.
std::vector<WeightSpec> nafnet_weights(const NafnetConfig& config);

// Fields and their ranges; rules between fields. validate() checks both and throws FormatError.
void visit(ConfigVisitor& visitor, NafnetConfig& config);
void validate(const NafnetConfig& config);

// The network as models hold it. Throws FormatError for a configuration that makes no sense.
std::unique_ptr<DirectNetwork> make_nafnet(const NafnetConfig& config);

}  // namespace daclip
