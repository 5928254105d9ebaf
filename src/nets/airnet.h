// AirNet (Li et al. 2022): a restoration network whose blocks are steered, pixel by pixel, by a map that an encoder
// derives from the picture. For any backend. Weights have the published names: R.* restores, E.E.encoder_q.* encodes.
//
// The encoder was trained by contrast: two crops of one picture have near embeddings, other pictures far ones.
#pragma once

#include <memory>
#include <vector>

#include "restoration/direct_network.h"

namespace daclip {

struct AirnetConfig {
  int features = 64;           // channels of the restoration network and of the encoder's first block
  int groups = 5, blocks = 5;  // groups of so many blocks
  std::vector<int> embedding_blocks = {128, 256};  // channels of the encoder's further blocks, each at half the size
};

// lq (N,H,W,3) in [0,1] -> the restored picture, same shape, not clamped.
Tensor airnet(Backend& backend, const AirnetConfig& config, const Scope& weights, const Tensor& lq);

// The map that steers the blocks, (N,H,W,features), and the embedding that the contrast is about, (N, last of
// embedding_blocks).
Tensor airnet_steering(Backend& backend, const Scope& weights, const Tensor& lq);
Tensor airnet_embedding(Backend& backend, const AirnetConfig& config, const Scope& weights, const Tensor& steering);

// All weights that the configuration needs, in a fixed order.
std::vector<WeightSpec> airnet_weights(const AirnetConfig& config);

// visit() lists the fields with their ranges. validate() checks them and throws FormatError.
void visit(ConfigVisitor& visitor, AirnetConfig& config);
void validate(const AirnetConfig& config);

// The network behind the common interface. Throws FormatError for an invalid configuration.
std::unique_ptr<DirectNetwork> make_airnet(const AirnetConfig& config);

}  // namespace daclip
