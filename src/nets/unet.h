// The conditional U-Net that predicts the noise of a diffusion state (DA-CLIP, Section 3.2; published code:
// DenoisingUNet_arch.py), in the universal and the wild form, written once for every backend. Weight names
// are the published ones: init_conv, time_mlp, prompt, text_mlp, prompt_mlp, downs.i.j, mid_block1, mid_attn,
// mid_block2, ups.i.j, final_res_block, final_conv, downsample, upsample.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "restoration/diffusion_network.h"

namespace daclip {

struct UnetConfig {
  int channels = 3;                             // of the picture
  int width = 64;                               // nf; at least 4 and even
  std::vector<int> multipliers = {1, 2, 4, 8};  // ch_mult: level i goes from width*multipliers[i-1] (width) to
                                                // width*multipliers[i]
  // Contexts. 0 leaves the part out.
  int degradation_dim = 512;  // length of e_d; > 0 adds the prompt module (use_degra_context)
  int content_dim = 512;      // length of e_c; > 0 adds the spatial transformers (use_image_context); without it,
                              // linear attention stands everywhere, at the bottom too

  // Level (0 is the largest map) from which on the spatial transformer stands instead of linear attention. Universal:
  // 3, whatever the depth; wild: the last level. Their widths, and the bottom's, are multiples of 32.
  int first_transformer = 3;
  bool half_scale = false;  // wild (scale = 0.5): all levels work at half the picture's size
  int heads = 4;            // of linear attention
  int head_dim = 32;        // of linear attention, and of the spatial transformers, which have width/head_dim heads

  int levels() const { return int(multipliers.size()); }
  // Channels that enter and leave level i on the way down (and leave and enter it on the way up).
  int64_t width_in(int level) const { return level == 0 ? width : width_out(level - 1); }
  int64_t width_out(int level) const { return int64_t(width) * multipliers[size_t(level)]; }
  int64_t time_dim() const { return int64_t(4) * width; }
  // H and W are padded to a multiple of this, by reflection at the right and the bottom.
  int multiple() const { return 1 << levels(); }
};

// What is the same for all steps and all tiles of a picture.
struct UnetConditioning {
  Tensor prompt{};   // (N,time_dim), added to the time embedding; absent without a degradation context
  Weights tokens{};  // for each spatial transformer by name ("downs.3.2"), what its cross-attention adds: (N,1,C)
};

// Contexts enter as they are, not normalised. An absent degradation adds no prompt; an absent content counts as a
// vector of zeros. A context that the configuration has no part for is refused with UsageError.
UnetConditioning unet_conditioning(Backend& backend, const UnetConfig& config, const Scope& weights,
                                   const Contexts& contexts);

// What is the same for all tiles of a step: scales and shifts of each ResBlock by name ("downs.0.0"), (N,2C).
struct UnetTime {
  Weights modulations;
};

// times: one for each image of the batch, in the units of training (1..T).
UnetTime unet_time(Backend& backend, const UnetConfig& config, const Scope& weights,
                   const UnetConditioning& conditioning, std::span<const double> times);

// Shown the result of each block as it comes, by name: "init_conv", "downs.0.0", ..., "final_res_block".
using UnetObserver = std::function<void(const std::string& name, const Tensor& x)>;

// xt, mu (N,H,W,channels) -> the predicted noise, of the same shape. H and W must be more than half of what they are
// padded to (ShapeError): reflection has nothing to show beyond.
Tensor unet(Backend& backend, const UnetConfig& config, const Scope& weights, const UnetConditioning& conditioning,
            const UnetTime& time, const Tensor& xt, const Tensor& mu, const UnetObserver& observe = {});

// All three at once. times: one for each image, or a single one for all.
Tensor unet(Backend& backend, const UnetConfig& config, const Scope& weights, const Tensor& xt, const Tensor& mu,
            std::span<const double> times, const Contexts& contexts = {}, const UnetObserver& observe = {});

// Every weight that the configuration needs, in a fixed order. Throws FormatError for one that makes no sense.
std::vector<WeightSpec> unet_weights(const UnetConfig& config);

// Fields and their ranges; rules between fields. validate() checks both and throws FormatError.
void visit(ConfigVisitor& visitor, UnetConfig& config);
void validate(const UnetConfig& config);

// The network as models hold it. Throws FormatError for a configuration that makes no sense.
std::unique_ptr<DiffusionNetwork> make_unet(const UnetConfig& config, const SdeConfig& sde = {});

}  // namespace daclip
