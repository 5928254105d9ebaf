// MAXIM (Tu et al. 2022), a multi-stage U-Net of gated MLPs along two axes, for any backend. Modules have the names of
// the published code with dots for slashes: stage_0_encoder_block_0.SplitHeadMultiAxisGmlpLayer_0.in_project.
//
// Every gated MLP mixes the positions of blocks (neighbouring pixels) or of a grid over the whole map, so the result of
// a pixel depends on the size of the picture. Weights have PyTorch's layouts, see weight_list.h. A transposed
// convolution of 2 x 2 with stride 2 is stored as a 1 x 1 convolution to 4 O channels, in pixel_shuffle's order, its
// bias repeated.
#pragma once

#include <memory>
#include <vector>

#include "restoration/direct_network.h"

namespace daclip {

struct MaximConfig {
  int features = 32;          // channels at full resolution; doubled at every level
  int stages = 2;             // 2: S-2, 3: S-3
  int levels = 3;             // resolutions, full, half, quarter ...; each has an input
  int groups = 2;             // gated MLP and channel attention in each encoder and decoder block
  int bottleneck_blocks = 2;  // at half of the last level's resolution
  int high_levels = 2;        // the first levels, which use high_side; the others use low_side
  int high_side = 16;         // of blocks and grids
  int low_side = 8;           // also of the bottleneck
  int channel_reduction = 4;  // of channel attention

  // H and W are zero-padded to a multiple of this, so that the sides divide every map.
  int multiple() const;
};

// lq (N,H,W,3) in [0,1] -> the restored picture, same shape, not clamped. `pooling`, if given, replaces the mean over
// the map in channel attention.
Tensor maxim(Backend& backend, const MaximConfig& config, const Scope& weights, const Tensor& lq,
             const Pooling& pooling = {});

// All weights that the configuration needs, in a fixed order.
std::vector<WeightSpec> maxim_weights(const MaximConfig& config);

// visit() lists the fields with their ranges. validate() checks ranges and consistency and throws FormatError.
void visit(ConfigVisitor& visitor, MaximConfig& config);
void validate(const MaximConfig& config);

// The network behind the common interface. Throws FormatError for an invalid configuration.
std::unique_ptr<DirectNetwork> make_maxim(const MaximConfig& config);

}  // namespace daclip
