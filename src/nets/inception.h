// The Inception network behind FID: InceptionV3 as it was ported from TensorFlow's 2015-12-05 graph (pytorch-fid),
// written once for every backend. It is torchvision's but for the pooling: means leave padding out, and the last block
// takes maxima. Weight names are torchvision's: Mixed_5b.branch1x1.conv.weight, Mixed_5b.branch1x1.bn.running_var, ...
#pragma once

#include <vector>

#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/weight_spec.h"
#include "weights/named_arrays.h"

namespace daclip {

inline constexpr int64_t kInceptionFeatures = 2048;
inline constexpr int kInceptionSize = 299;  // of the pictures that FID gives it, both sides

// x (N,H,W,3) in [-1,1], H and W at least 75, `weights` as fold_batch_norms makes them -> (N,2048): the mean over
// positions of the last block.
Tensor inception_features(Backend& backend, const Scope& weights, const Tensor& x);

// Each `<layer>.conv.weight` with its batch norm (eps 1e-3, running statistics) folded in, and the bias that comes of
// it: `<layer>.weight`, `<layer>.bias`. Throws WeightsError, beginning with `where`, unless `published` is exactly
// inception_weights().
NamedArrays fold_batch_norms(const NamedArrays& published, const std::string& where);

// Every published weight that the features need, in a fixed order.
std::vector<WeightSpec> inception_weights();

}  // namespace daclip
