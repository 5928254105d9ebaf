#include "train/clip_grad.h"

#include <cmath>

namespace daclip {

double clip_grad_norm(const Params& params, double max_norm) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> grads, norms;
  for (const NamedParam& p : params) {
    if (!p.value.grad().defined()) continue;
    grads.push_back(p.value.grad());
    norms.push_back(grads.back().norm());
  }
  if (grads.empty()) return 0;
  const double norm = at::stack(norms).to(at::kDouble).norm().item<double>();
  const double factor = max_norm / (norm + 1e-6);
  if (factor < 1) {
    for (torch::Tensor& g : grads) g.mul_(factor);
  }
  return norm;
}

}  // namespace daclip
