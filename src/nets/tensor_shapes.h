// Helps to derive a network's configuration from the names and shapes of a checkpoint's tensors.
#pragma once

#include <string>

#include "ops/tensor.h"
#include "weights/named_arrays.h"

namespace daclip {

class TensorShapes {
 public:
  // Keeps references to both. `where` names the file in errors.
  TensorShapes(const NamedArrays& arrays, const std::string& where) : arrays_(arrays), where_(where) {}

  bool has(const std::string& name) const { return arrays_.has(name); }
  const std::string& where() const { return where_; }

  // Length of dimension `index` of a tensor. Throws WeightsError if the tensor is missing or has fewer dimensions, and
  // LimitError if the length is outside 1 to 2^24.
  int dim(const std::string& name, size_t index) const;

  // Number of consecutive tensors prefix0suffix, prefix1suffix, ..., starting at 0.
  int count(const std::string& prefix, const std::string& suffix) const;

 private:
  const NamedArrays& arrays_;
  const std::string& where_;
};

}  // namespace daclip
