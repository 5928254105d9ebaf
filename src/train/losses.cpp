#include "train/losses.h"

#include <cmath>
#include <limits>

#include "core/error.h"

namespace daclip {

torch::Tensor contrastive_loss(const torch::Tensor& image, const torch::Tensor& text, const torch::Tensor& scale,
                               std::span<const int64_t> text_ids, bool both) {
  const int64_t n = image.size(0);
  torch::Tensor logits = scale * at::mm(image, text.t());
  if (!text_ids.empty()) {
    if (int64_t(text_ids.size()) != n) {
      throw ShapeError(cat("contrastive_loss: ", text_ids.size(), " text ids for ", n, " rows"));
    }
    const at::ArrayRef<int64_t> values(text_ids.data(), text_ids.size());
    const torch::Tensor ids = torch::tensor(values).to(logits.device());
    const torch::Tensor same = ids.unsqueeze(0).eq(ids.unsqueeze(1));
    const torch::Tensor own = torch::eye(n, same.options());
    logits = logits.masked_fill(same.logical_and(own.logical_not()), -std::numeric_limits<double>::infinity());
  }
  const torch::Tensor to_text = at::log_softmax(logits, 1).diagonal().mean();
  if (!both) return -to_text;
  const torch::Tensor to_image = at::log_softmax(logits, 0).diagonal().mean();
  return -(to_text + to_image) / 2;
}

torch::Tensor restoration_loss(const LossConfig& config, const torch::Tensor& restored, const torch::Tensor& target) {
  if (config.restorer == "l1") return mean_absolute_loss(restored, target);
  if (config.restorer == "l2") return mean_squared_loss(restored, target);
  if (config.restorer == "charbonnier") return charbonnier_loss(restored, target, config.charbonnier_eps);
  if (config.restorer == "psnr") return psnr_loss(restored, target, config.psnr_ceiling);
  throw UsageError(cat("loss.restorer: ", config.restorer, ": unknown"));
}

torch::Tensor mean_absolute_loss(const torch::Tensor& predicted, const torch::Tensor& target) {
  return at::l1_loss(predicted, target);
}

torch::Tensor mean_squared_loss(const torch::Tensor& predicted, const torch::Tensor& target) {
  return at::mse_loss(predicted, target);
}

torch::Tensor charbonnier_loss(const torch::Tensor& predicted, const torch::Tensor& target, double eps) {
  const torch::Tensor d = predicted - target;
  return at::sqrt(d * d + eps * eps).mean();
}

torch::Tensor psnr_loss(const torch::Tensor& predicted, const torch::Tensor& target, double ceiling) {
  const torch::Tensor d = (predicted - target).flatten(1);
  return at::log((d * d).mean(1) + std::pow(10.0, -ceiling / 10)).mean() * (10 / std::log(10.0));
}

torch::Tensor matching_loss(const torch::Tensor& predicted, const torch::Tensor& target, bool squared,
                            const torch::Tensor& weights) {
  const torch::Tensor d = (predicted - target).flatten(1);
  torch::Tensor loss = squared ? d * d : d.abs();
  if (weights.defined()) loss = weights.reshape({-1, 1}) * loss;
  return loss.mean();
}

}  // namespace daclip
