// The conditional U-Net that predicts the noise of a diffusion state (DA-CLIP, Section 3.2; published code:
// DenoisingUNet_arch.py), in the universal and the wild variant, for any backend. Weight names are the published ones:
// init_conv, time_mlp, prompt, text_mlp, prompt_mlp, downs.i.j, mid_block1, mid_attn, mid_block2, ups.i.j,
// final_res_block, final_conv, downsample, upsample.
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
  // Contexts. 0 omits the module.
  int degradation_dim = 512;  // length of e_d; > 0 adds the prompt module (use_degra_context)
  int content_dim = 512;      // length of e_c; > 0 adds the spatial transformers (use_image_context). 0 uses
                              // linear attention at every level, including the bottom

  // First level (0 is the largest map) with a spatial transformer instead of linear attention. Universal: 3 for any
  // depth; wild: the last level. The widths of these levels and of the bottom must be multiples of 32.
  int first_transformer = 3;
  bool half_scale = false;  // wild (scale = 0.5): all levels work at half the picture's size
  int heads = 4;            // of linear attention
  int head_dim = 32;        // of both kinds of attention; the spatial transformers have width/head_dim heads

  int levels() const { return int(multipliers.size()); }
  // Input and output channels of level i on the way down (output and input on the way up).
  int64_t width_in(int level) const { return level == 0 ? width : width_out(level - 1); }
  int64_t width_out(int level) const { return int64_t(width) * multipliers[size_t(level)]; }
  int64_t time_dim() const { return int64_t(4) * width; }
  // H and W are padded to a multiple of this, by reflection at the right and bottom border.
  int multiple() const { return 1 << levels(); }
};

// Intermediate results that all steps and tiles of a picture share.
struct UnetConditioning {
  Tensor prompt{};   // (N,time_dim), added to the time embedding; absent without a degradation context
  Weights tokens{};  // output of each spatial transformer's cross-attention by name ("downs.3.2"), (N,1,C)
};

// Contexts are used unnormalised. An absent degradation adds no prompt; an absent content is replaced by zeros. Throws
// UsageError for a context without a module in the configuration.
UnetConditioning unet_conditioning(Backend& backend, const UnetConfig& config, const Scope& weights,
                                   const Contexts& contexts);

// Intermediate results that all tiles of a step share: scales and shifts of each ResBlock by name ("downs.0.0"),
// (N,2C).
struct UnetTime {
  Weights modulations;
};

// times: one per image of the batch, in 1..T.
UnetTime unet_time(Backend& backend, const UnetConfig& config, const Scope& weights,
                   const UnetConditioning& conditioning, std::span<const double> times);

// Receives the output of each block in order, with its name: "init_conv", "downs.0.0", ..., "final_res_block".
using UnetObserver = std::function<void(const std::string& name, const Tensor& x)>;

// xt, mu (N,H,W,channels) -> the predicted noise, same shape. `run` runs each ResBlock and attention. Throws
// ShapeError unless H and W exceed half of their padded sizes, the most that a single reflection can fill.
Tensor unet(Backend& backend, const UnetConfig& config, const Scope& weights, const UnetConditioning& conditioning,
            const UnetTime& time, const Tensor& xt, const Tensor& mu, const UnetObserver& observe = {},
            const BlockRunner& run = {});

// Runs all three functions above. times: one per image, or a single one for all.
Tensor unet(Backend& backend, const UnetConfig& config, const Scope& weights, const Tensor& xt, const Tensor& mu,
            std::span<const double> times, const Contexts& contexts = {}, const UnetObserver& observe = {},
            const BlockRunner& run = {});

// All weights that the configuration needs, in a fixed order. Throws FormatError for an invalid configuration.
std::vector<WeightSpec> unet_weights(const UnetConfig& config);

// visit() lists the fields with their ranges. validate() checks ranges and consistency and throws FormatError.
void visit(ConfigVisitor& visitor, UnetConfig& config);
void validate(const UnetConfig& config);

// The network behind the common interface. Throws FormatError for an invalid configuration.
std::unique_ptr<DiffusionNetwork> make_unet(const UnetConfig& config, const SdeConfig& sde = {});

}  // namespace daclip
