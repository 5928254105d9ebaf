#include "train/muon.h"

#include <cmath>

#include "core/error.h"
#include "train/adamw.h"

namespace daclip {

torch::Tensor orthogonalised(const torch::Tensor& g) {
  constexpr double a = 3.4445, b = -4.7750, c = 2.0315;  // Jordan et al. 2024
  const bool tall = g.size(1) > g.size(2);
  torch::Tensor x = tall ? g.transpose(1, 2).contiguous() : g;
  x = x / (x.norm(2, {1, 2}, true) + 1e-7);
  for (int i = 0; i < 5; ++i) {
    const torch::Tensor gram = at::bmm(x, x.transpose(1, 2));
    x = at::baddbmm(x, at::baddbmm(gram, gram, gram, b, c), x, a, 1);
  }
  return tall ? x.transpose(1, 2) : x;
}

Muon::Muon(const NamedParams& params, const MuonOptions& options) : params_(params), options_(options) {
  for (const NamedParam& p : params_) {
    if (p.value.scalar_type() != at::kFloat || !p.value.is_leaf() || !is_matrix(p.value))
      throw UsageError(cat("Muon: ", p.name, " is not a float32 leaf with rows and columns"));
    by_shape_[p.value.sizes().vec()].push_back(momenta_.size());
    momenta_.push_back({p.name, torch::zeros_like(p.value, torch::requires_grad(false))});
  }
}

void Muon::step(double lr) {
  const torch::NoGradGuard no_grad;
  for (const auto& [shape, indices] : by_shape_) {
    std::vector<torch::Tensor> p, g, m;
    for (const size_t i : indices) {
      if (!params_[i].value.grad().defined()) continue;
      p.push_back(params_[i].value);
      g.push_back(params_[i].value.grad());
      m.push_back(momenta_[i].value);
    }
    if (p.empty()) continue;
    at::_foreach_mul_(m, options_.momentum);
    at::_foreach_add_(m, g);
    std::vector<torch::Tensor> ahead = at::_foreach_mul(m, options_.momentum);
    at::_foreach_add_(ahead, g);
    const torch::Tensor stacked = at::stack(ahead), matrices = stacked.flatten(2);
    const double size = 0.2 * std::sqrt(double(std::max(matrices.size(1), matrices.size(2))));
    const std::vector<torch::Tensor> move = orthogonalised(matrices).reshape(stacked.sizes()).unbind(0);
    at::_foreach_mul_(p, 1 - lr * options_.weight_decay);
    at::_foreach_add_(p, move, -lr * size);
  }
}

}  // namespace daclip
