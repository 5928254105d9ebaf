// Trainable weights: named leaf tensors in a fixed order, and their way in and out of files.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "ops/weights.h"
#include "restoration/weight_spec.h"
#include "weights/named_arrays.h"

namespace daclip {

struct NamedParam {
  std::string name;
  torch::Tensor value;  // float32, a leaf
};

using NamedParams = std::vector<NamedParam>;

// Starting values as the specs say, from the seed and each name alone. The tensors require gradients.
NamedParams make_params(const std::vector<WeightSpec>& specs, uint64_t seed, torch::Device device);

// The same tensors for the networks; `prefix` is put before each name. They share storage and autograd history.
Weights as_weights(const NamedParams& params, const std::string& prefix = "");
void add_weights(const NamedParams& params, Weights& weights, const std::string& prefix = "");

// Copies `prefix + name` of every parameter from `arrays`; returns the names that it lacks. Throws WeightsError naming
// a shape that does not fit.
std::vector<std::string> load_params(NamedParams& params, const NamedArrays& arrays, const std::string& prefix);

// Adds every parameter as `prefix + name`.
void store_params(const NamedParams& params, NamedArrays& arrays, const std::string& prefix,
                  ArrayType type = ArrayType::f32);

// One torch tensor as an array on the host, converted to `type`.
NamedArray to_array(const torch::Tensor& tensor, ArrayType type = ArrayType::f32);

// Drops all gradients, so that the next backward pass does not accumulate into them.
void forget_gradients(NamedParams& params);

// Copies of the values that require no gradient.
NamedParams detached_copy(const NamedParams& params);

}  // namespace daclip
