// A network's weights on a backend, found by their published names.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ops/tensor.h"

namespace daclip {

using Weights = std::map<std::string, Tensor, std::less<>>;

// The weights under one prefix: scope("bias") of a scope made with "ln_post." is "ln_post.bias".
class Scope {
 public:
  explicit Scope(const Weights& weights, std::string prefix = "") : weights_(&weights), prefix_(std::move(prefix)) {}

  // Throws WeightsError with the full name when there is no such tensor.
  const Tensor& operator()(std::string_view name) const {
    const auto it = weights_->find(prefix_ + std::string(name));
    if (it == weights_->end()) throw WeightsError(cat("missing weight ", prefix_, name));
    return it->second;
  }

  // The tensor, or an absent one.
  Tensor optional(std::string_view name) const {
    const auto it = weights_->find(prefix_ + std::string(name));
    return it == weights_->end() ? Tensor() : it->second;
  }

  bool has(std::string_view name) const { return weights_->contains(prefix_ + std::string(name)); }

  // scope / "resblocks" / 3: one dot-separated part deeper.
  Scope operator/(std::string_view part) const { return Scope(*weights_, prefix_ + std::string(part) + "."); }
  Scope operator/(int part) const { return *this / std::string_view(std::to_string(part)); }

 private:
  const Weights* weights_;
  std::string prefix_;
};

}  // namespace daclip
