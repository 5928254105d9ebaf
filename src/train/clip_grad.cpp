#include "train/clip_grad.h"

#include <cmath>

namespace daclip {

double clip_grad_norm(const NamedParams& params, double max_norm) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> grads;
  for (const NamedParam& p : params)
    if (p.value.grad().defined()) grads.push_back(p.value.grad());
  if (grads.empty()) return 0;
  const double norm = at::stack(at::_foreach_norm(grads)).to(at::kDouble).norm().item<double>();
  const double factor = max_norm / (norm + 1e-6);
  if (factor < 1) at::_foreach_mul_(grads, factor);
  return norm;
}

}  // namespace daclip
