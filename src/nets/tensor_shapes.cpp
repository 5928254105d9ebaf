#include "nets/tensor_shapes.h"

#include "core/error.h"

namespace daclip {
namespace {

constexpr int kMostBlocks = 1024;
constexpr int64_t kLargestLength = 1 << 24;

}  // namespace

int TensorShapes::dim(const std::string& name, size_t index) const {
  const auto it = arrays_.arrays.find(name);
  if (it == arrays_.arrays.end()) throw WeightsError(cat(where_, ": missing tensor ", name));
  const std::vector<int64_t>& shape = it->second.shape;
  if (index >= shape.size())
    throw WeightsError(cat(where_, ": tensor ", name, " is ", to_string(shape), ", expected more dimensions"));
  if (shape[index] < 1 || shape[index] > kLargestLength)
    throw LimitError(
        cat(where_, ": tensor ", name, " is ", to_string(shape), ", expected dimensions from 1 to ", kLargestLength));
  return int(shape[index]);
}

int TensorShapes::count(const std::string& prefix, const std::string& suffix) const {
  int n = 0;
  while (n < kMostBlocks && has(cat(prefix, n, suffix))) ++n;
  return n;
}

}  // namespace daclip
