// A checkpoint's configuration, read off the names and shapes of its tensors.
#pragma once

#include <string>

#include "ops/tensor.h"
#include "weights/named_arrays.h"

namespace daclip {

class TensorShapes {
 public:
  // Both are kept by reference. `where` names the file in errors.
  TensorShapes(const NamedArrays& arrays, const std::string& where) : arrays_(arrays), where_(where) {}

  bool has(const std::string& name) const { return arrays_.has(name); }
  const std::string& where() const { return where_; }

  // Length of dimension `index` of a tensor. Throws WeightsError where the tensor is missing or has fewer dimensions,
  // LimitError for a length that no network has.
  int dim(const std::string& name, size_t index) const;

  // How many of prefix0suffix, prefix1suffix, ... there are in a row.
  int count(const std::string& prefix, const std::string& suffix) const;

 private:
  const NamedArrays& arrays_;
  const std::string& where_;
};

}  // namespace daclip
