// A network's weights on a backend, looked up by published name.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ops/tensor.h"

namespace daclip {

using Weights = std::map<std::string, Tensor, std::less<>>;

// The weights whose names begin with a prefix: a scope "ln_post." finds "ln_post.bias" as scope("bias").
class Scope {
 public:
  explicit Scope(const Weights& weights, std::string prefix = "") : weights_(&weights), prefix_(std::move(prefix)) {}

  // Throws WeightsError with the full name if the tensor is missing.
  const Tensor& operator()(std::string_view name) const {
    const auto it = weights_->find(prefix_ + std::string(name));
    if (it == weights_->end()) throw WeightsError(cat("missing weight ", prefix_, name));
    return it->second;
  }

  // The tensor, or an absent one if it is missing.
  Tensor optional(std::string_view name) const {
    const auto it = weights_->find(prefix_ + std::string(name));
    return it == weights_->end() ? Tensor() : it->second;
  }

  bool has(std::string_view name) const { return weights_->contains(prefix_ + std::string(name)); }

  // The scope one dot-separated level deeper: scope / "resblocks" / 3.
  Scope operator/(std::string_view part) const { return Scope(*weights_, prefix_ + std::string(part) + "."); }
  Scope operator/(int part) const { return *this / std::string_view(std::to_string(part)); }

 private:
  const Weights* weights_;
  std::string prefix_;
};

}  // namespace daclip
