// NAFNet (Chen et al. 2022), plain or conditioned on DA-CLIP's embeddings (DA-CLIP, Section 5.2 and Appendix B.4), for
// any backend. Without contexts its weight names are megvii's: intro, encoders.i.j, downs.i, middle_blks.j, ups.i.0,
// decoders.i.j, ending.
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
  int unshuffle = 1;  // factor of pixel-unshuffle at the input and pixel-shuffle at the output; published: 1

  // Contexts. 0 omits the module; with both 0 this is exactly the published NAFNet.
  int degradation_dim = 0;  // length of e_d; > 0 adds the prompt module (Fig. 3b), which modulates every block's norms
  int prompt_dim = 256;     // length of the learned prompt
  int content_dim = 0;      // length of e_c; > 0 adds cross-attention after the middle blocks
  int attention_heads = 8, attention_head_dim = 64;

  // Test-time local converter (TLC, Chu et al. 2022; megvii's NAFNetLocal): channel attention pools over windows of
  // local_height x local_width input pixels (the reference's base_size) instead of the whole map; 0 pools globally. The
  // reference derives each level's window, in whole pixels of its map, from the training size local_train_*; 0 means
  // equal to the window. `local_fast` is the reference's fast_imp.
  int local_height = 0, local_width = 0, local_train_height = 0, local_train_width = 0;
  bool local_fast = false;

  // H and W are zero-padded to a multiple of this.
  int multiple() const { return unshuffle << int(encoder_blocks.size()); }
};

// The conditioning is our own design, since no code was published (DA-CLIP, Section 5.2). Both contexts are first
// rescaled to length sqrt(dim), so that their entries are of order one.
//
// - Degradation, once per image (Fig. 3b): p = prompt_linear(prompt_dim * softmax(prompt_mlp(e_d)) * prompt). The
//   factor prompt_dim compensates for the small values of a softmax over many entries; otherwise the bias would
//   dominate p. Each block's `<block>.prompt` maps SiLU(p) linearly to scale and shift of norm1, then of norm2.
// - Content: cross-attention after the middle blocks, mid_attn (content_attention.h).
//
// `<block>.prompt` and to_out are initialised with zeros, so untrained conditioning changes nothing. An absent
// degradation skips the modulation, an absent content the cross-attention.

// lq (N,H,W,channels) in [0,1] -> the restored image, same shape, not clamped. `pooling`, if given, replaces the mean
// over the map or TLC's windows. Throws UsageError for a context without a module in the configuration.
Tensor nafnet(Backend& backend, const NafnetConfig& config, const Scope& weights, const Tensor& lq,
              const Contexts& contexts = {}, const Pooling& pooling = {});

// All weights that the configuration needs, in a fixed order.
std::vector<WeightSpec> nafnet_weights(const NafnetConfig& config);

// visit() lists the fields with their ranges. validate() checks ranges and consistency and throws FormatError.
void visit(ConfigVisitor& visitor, NafnetConfig& config);
void validate(const NafnetConfig& config);

// The network behind the common interface. Throws FormatError for an invalid configuration.
std::unique_ptr<DirectNetwork> make_nafnet(const NafnetConfig& config);

}  // namespace daclip
