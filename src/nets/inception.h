// The feature network of FID: InceptionV3 as ported from TensorFlow's 2015-12-05 graph (pytorch-fid), for any backend.
// It differs from torchvision's in the pooling: average pooling excludes padding, and the last block uses max pooling.
// Weight names are torchvision's: Mixed_5b.branch1x1.conv.weight, Mixed_5b.branch1x1.bn.running_var, ...
#pragma once

#include <vector>

#include "ops/backend.h"
#include "ops/weights.h"
#include "restoration/weight_spec.h"
#include "weights/named_arrays.h"

namespace daclip {

inline constexpr int64_t kInceptionFeatures = 2048;
inline constexpr int kInceptionSize = 299;  // sides of the pictures that FID passes to it

// x (N,H,W,3) in [-1,1], H and W at least 75, and `weights` from fold_batch_norms -> (N,2048), the mean of the last
// block over all positions.
Tensor inception_features(Backend& backend, const Scope& weights, const Tensor& x);

// Folds each batch norm (eps 1e-3, running statistics) into its convolution: `<layer>.conv.weight` and `<layer>.bn.*`
// become `<layer>.weight` and `<layer>.bias`. Throws WeightsError, starting with `where`, unless `published` has
// exactly the tensors of inception_weights().
NamedArrays fold_batch_norms(const NamedArrays& published, const std::string& where);

// All published weights that the features need, in a fixed order.
std::vector<WeightSpec> inception_weights();

}  // namespace daclip
