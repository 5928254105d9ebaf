#include "train/adamw.h"

#include <cmath>

#include "core/error.h"

namespace daclip {
namespace {

struct Rates {
  float beta1, beta2, eps, decay, l2, step_size, inverse_correction2;
};

__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void update(
    float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v, int64_t count,
    const Rates& rates) {
  const Rates r = rates;
  for (int64_t i = 0; i < count; ++i) {
    const float grad = g[i] + r.l2 * p[i];
    m[i] = r.beta1 * m[i] + (1 - r.beta1) * grad;
    v[i] = r.beta2 * v[i] + (1 - r.beta2) * grad * grad;
    const float denominator = std::sqrt(v[i]) * r.inverse_correction2 + r.eps;
    p[i] = p[i] * r.decay - r.step_size * m[i] / denominator;
  }
}

}  // namespace

bool is_matrix(const torch::Tensor& parameter) {
  int long_dims = 0;
  for (const int64_t d : parameter.sizes()) long_dims += d > 1;
  return long_dims >= 2;
}

AdamW::AdamW(const NamedParams& params, const AdamWOptions& options) : params_(params), options_(options) {
  for (const NamedParam& p : params_) {
    if (p.value.scalar_type() != at::kFloat || !p.value.is_leaf() || !p.value.is_contiguous()) {
      throw UsageError(cat("AdamW: ", p.name, " is not a contiguous float32 leaf"));
    }
    first_.push_back({p.name, torch::zeros_like(p.value, torch::requires_grad(false))});
    second_.push_back({p.name, torch::zeros_like(p.value, torch::requires_grad(false))});
  }
}

double AdamW::decay_of(size_t index) const {
  return options_.decay_vectors || is_matrix(params_[index].value) ? options_.weight_decay : 0;
}

void AdamW::step(double lr) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  std::vector<size_t> on_device;
  for (size_t i = 0; i < params_.size(); ++i) {
    if (!params_[i].value.grad().defined()) continue;
    if (params_[i].value.is_cpu()) {
      step_cpu(i, lr);
    } else {
      on_device.push_back(i);
    }
  }
  if (!on_device.empty()) step_device(on_device, lr);
}

void AdamW::step_cpu(size_t index, double lr) const {
  const double correction1 = 1 - std::pow(options_.beta1, double(steps_));
  const double correction2 = 1 - std::pow(options_.beta2, double(steps_));
  const double decay = decay_of(index);
  const torch::Tensor grad = params_[index].value.grad().contiguous();
  const Rates rates{float(options_.beta1),
                    float(options_.beta2),
                    float(options_.eps),
                    float(options_.decoupled ? 1 - lr * decay : 1),
                    float(options_.decoupled ? 0 : decay),
                    float(lr / correction1),
                    float(1 / std::sqrt(correction2))};
  update(params_[index].value.data_ptr<float>(), grad.data_ptr<float>(), first_[index].value.data_ptr<float>(),
         second_[index].value.data_ptr<float>(), grad.numel(), rates);
}

// All tensors in a few launches: hundreds of small ones would cost more to start than to compute.
void AdamW::step_device(const std::vector<size_t>& indices, double lr) const {
  const double correction1 = 1 - std::pow(options_.beta1, double(steps_));
  const double correction2 = 1 - std::pow(options_.beta2, double(steps_));
  std::vector<torch::Tensor> p, g, m, v;
  std::vector<at::Scalar> decay, keep;
  for (const size_t i : indices) {
    p.push_back(params_[i].value);
    g.push_back(params_[i].value.grad());
    m.push_back(first_[i].value);
    v.push_back(second_[i].value);
    decay.push_back(decay_of(i));
    keep.push_back(1 - lr * decay_of(i));
  }
  if (options_.decoupled) {
    at::_foreach_mul_(p, keep);
  } else {
    g = at::_foreach_add(at::_foreach_mul(p, decay), g);
  }
  at::_foreach_mul_(m, options_.beta1);
  at::_foreach_add_(m, g, 1 - options_.beta1);
  at::_foreach_mul_(v, options_.beta2);
  at::_foreach_addcmul_(v, g, g, 1 - options_.beta2);
  std::vector<torch::Tensor> denominator = at::_foreach_sqrt(v);
  at::_foreach_div_(denominator, std::sqrt(correction2));
  at::_foreach_add_(denominator, options_.eps);
  at::_foreach_addcdiv_(p, m, denominator, -lr / correction1);
}

}  // namespace daclip
