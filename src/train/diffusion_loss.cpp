#include "train/diffusion_loss.h"

#include "train/losses.h"

namespace daclip {
namespace {

// One coefficient per image, to multiply (N,...).
template <class Coefficient>
torch::Tensor per_image(const DiffusionSample& sample, const Coefficient& coefficient) {
  std::vector<float> values;
  for (const int t : sample.times) values.push_back(float(coefficient(t)));
  std::vector<int64_t> shape(size_t(sample.mu.dim()), 1);
  shape[0] = int64_t(values.size());
  return torch::tensor(values).view(shape).to(sample.mu.device());
}

}  // namespace

torch::Tensor diffusion_state(const Schedule& schedule, const DiffusionSample& sample) {
  const torch::Tensor alpha = per_image(sample, [&](int t) { return schedule.alpha(t); });
  const torch::Tensor deviation = per_image(sample, [&](int t) { return schedule.sigma_bar(t); });
  return sample.mu + alpha * (sample.clean - sample.mu) + deviation * sample.noise;
}

torch::Tensor diffusion_loss(const Schedule& schedule, const LossConfig& config, const DiffusionSample& sample,
                             const torch::Tensor& state, const torch::Tensor& predicted) {
  if (config.diffusion == "noise") return restoration_loss(config, predicted, sample.noise);
  const torch::Tensor from_state = per_image(sample, [&](int t) { return euler_mean(schedule, t).state; });
  const torch::Tensor from_noise = per_image(sample, [&](int t) { return euler_mean(schedule, t).noise; });
  const torch::Tensor best_state = per_image(sample, [&](int t) { return posterior(schedule, t, t - 1).state; });
  const torch::Tensor best_clean = per_image(sample, [&](int t) { return posterior(schedule, t, t - 1).clean; });
  const torch::Tensor y = state - sample.mu;
  const torch::Tensor mean = sample.mu + from_state * y + from_noise * predicted;
  const torch::Tensor optimum = sample.mu + best_state * y + best_clean * (sample.clean - sample.mu);
  return restoration_loss(config, mean, optimum);
}

}  // namespace daclip
