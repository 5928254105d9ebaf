// Training losses on torch tensors; each returns a scalar with its autograd history.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <span>

#include "train/config.h"

namespace daclip {

// L_con (Eq. 1), the mean of its image->text and text->image directions. image, text (N,E) of unit length, row i of one
// belonging to row i of the other; scale = 1/temperature, a scalar tensor. Rows with the same entry in `text_ids` (N)
// share a text: they are left out of each other's negatives. Empty: all others are negatives, as published. Without
// `both` only image->text. Several processes would gather their rows here.
torch::Tensor contrastive_loss(const torch::Tensor& image, const torch::Tensor& text, const torch::Tensor& scale,
                               std::span<const int64_t> text_ids = {}, bool both = true);

// The loss that loss.restorer names: "l1", "l2", "charbonnier" or "psnr".
torch::Tensor restoration_loss(const LossConfig& config, const torch::Tensor& restored, const torch::Tensor& target);

torch::Tensor mean_absolute_loss(const torch::Tensor& predicted, const torch::Tensor& target);
torch::Tensor mean_squared_loss(const torch::Tensor& predicted, const torch::Tensor& target);

// Mean of sqrt(d^2 + eps^2).
torch::Tensor charbonnier_loss(const torch::Tensor& predicted, const torch::Tensor& target, double eps = 1e-3);

// Minus the PSNR in dB of values in [0,1], averaged over the batch (NAFNet's loss). It saturates at `ceiling` dB: its
// gradient grows as the error vanishes, so without a ceiling photos that need little repair would outweigh all others.
torch::Tensor psnr_loss(const torch::Tensor& predicted, const torch::Tensor& target, double ceiling = 80);

// The loss of diffusion networks, on the predicted noise or the predicted mean of a reverse step (IR-SDE's
// MatchingLoss): mean absolute (or squared) difference; `weights`, (N,1) or absent, multiplies each sample.
torch::Tensor matching_loss(const torch::Tensor& predicted, const torch::Tensor& target, bool squared,
                            const torch::Tensor& weights = {});

}  // namespace daclip
