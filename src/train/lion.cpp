#include "train/lion.h"

namespace daclip {

Lion::Lion(const NamedParams& params, const LionOptions& options) : params_(params), options_(options) {
  for (const NamedParam& p : params_) {
    moments_.push_back({p.name, torch::zeros_like(p.value, torch::requires_grad(false))});
  }
}

void Lion::step(double lr) {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < params_.size(); ++i) {
    torch::Tensor p = params_[i].value, m = moments_[i].value;
    if (!p.grad().defined()) continue;
    p.mul_(1 - lr * options_.weight_decay);
    p.sub_(m.lerp(p.grad(), 1 - options_.beta1).sign_(), lr);
    m.lerp_(p.grad(), 1 - options_.beta2);
  }
}

}  // namespace daclip
