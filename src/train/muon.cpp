#include "train/muon.h"

#include <cmath>

#include "core/error.h"
#include "train/adamw.h"

namespace daclip {

torch::Tensor orthogonalised(const torch::Tensor& g) {
  constexpr double a = 3.4445, b = -4.7750, c = 2.0315;  // Jordan et al. 2024
  const bool tall = g.size(0) > g.size(1);
  torch::Tensor x = tall ? g.t().contiguous() : g;
  x = x / (x.norm() + 1e-7);
  for (int i = 0; i < 5; ++i) {
    const torch::Tensor gram = at::mm(x, x.t());
    x = at::addmm(x, at::addmm(gram, gram, gram, b, c), x, a, 1);
  }
  return tall ? x.t() : x;
}

Muon::Muon(const Params& params, const MuonOptions& options) : params_(params), options_(options) {
  for (const NamedParam& p : params_) {
    if (p.value.scalar_type() != at::kFloat || !p.value.is_leaf() || !is_matrix(p.value))
      throw UsageError(cat("Muon: ", p.name, " is not a float32 leaf with rows and columns"));
    momenta_.push_back({p.name, torch::zeros_like(p.value, torch::requires_grad(false))});
  }
}

void Muon::step(double lr) {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < params_.size(); ++i) {
    torch::Tensor p = params_[i].value, m = momenta_[i].value;
    if (!p.grad().defined()) continue;
    m.mul_(options_.momentum).add_(p.grad());
    const torch::Tensor ahead = (p.grad() + options_.momentum * m).flatten(1);
    const double size = 0.2 * std::sqrt(double(std::max(ahead.size(0), ahead.size(1))));
    p.mul_(1 - lr * options_.weight_decay);
    p.sub_(orthogonalised(ahead).reshape(p.sizes()), lr * size);
  }
}

}  // namespace daclip
