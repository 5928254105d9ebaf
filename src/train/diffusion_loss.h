// IR-SDE's training objective (Luo et al. 2023): at a random time of each image, the predicted noise, or the mean of
// the reverse step that follows from it, is compared with the true one.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "sde/schedule.h"
#include "train/config.h"

namespace daclip {

struct DiffusionSample {
  torch::Tensor clean, mu, noise;  // (N,...): x_0, the degraded pictures, standard normal values
  std::vector<int> times;          // one per image, in 1..T
};

// x_t = mu + alpha (x_0 - mu) + sigma_bar noise.
torch::Tensor diffusion_state(const Schedule& schedule, const DiffusionSample& sample);

// loss.diffusion of the predicted noise, in the distance that loss.restorer names.
torch::Tensor diffusion_loss(const Schedule& schedule, const LossConfig& config, const DiffusionSample& sample,
                             const torch::Tensor& state, const torch::Tensor& predicted);

}  // namespace daclip
