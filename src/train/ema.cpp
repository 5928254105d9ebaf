#include "train/ema.h"

#include <algorithm>
#include <cmath>

namespace daclip {

Ema::Ema(const NamedParams& params, const EmaOptions& options) : params_(params), options_(options) {
  for (const NamedParam& p : params_) averages_.push_back({p.name, p.value.detach().clone()});
}

double Ema::decay() const {
  const double n = double(steps_ - options_.update_after - 1);
  if (n <= 0) return 0;
  const double value = 1 - std::pow(1 + n / options_.inverse_gamma, -options_.power);
  return std::clamp(value, options_.min_decay, options_.beta);
}

void Ema::update() {
  const torch::NoGradGuard no_grad;
  const int64_t step = steps_++;
  if (step % options_.update_every != 0) return;
  // The first averaging starts from the weights as they are then.
  const bool first = step - options_.update_every <= options_.update_after;
  const double keep = step <= options_.update_after || first ? 0 : decay();
  std::vector<torch::Tensor> averages, values;
  for (size_t i = 0; i < params_.size(); ++i) {
    averages.push_back(averages_[i].value);
    values.push_back(params_[i].value.detach());
  }
  at::_foreach_mul_(averages, keep);
  at::_foreach_add_(averages, values, 1 - keep);
}

}  // namespace daclip
