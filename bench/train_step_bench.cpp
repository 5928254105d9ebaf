// Times a training step (forward, backward, AdamW) of a small NAFNet in processor time:
// train_step_bench [steps] [batch] [side] [threads] [width] [fused]
#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "core/random.h"
#include "nets/nafnet.h"
#include "torch/torch_backend.h"
#include "train/adamw.h"
#include "train/losses.h"
#include "train/memory.h"

using namespace daclip;

namespace {

NamedParams random_params(const std::vector<WeightSpec>& specs) {
  NamedParams params;
  Random random(1);
  for (const WeightSpec& spec : specs) {
    int64_t fan_in = 1;
    for (size_t i = 1; i < spec.shape.size(); ++i) fan_in *= spec.shape[i];
    torch::Tensor value = torch::empty(spec.shape);
    float* data = value.data_ptr<float>();
    for (int64_t i = 0; i < value.numel(); ++i) {
      if (spec.init == WeightSpec::Init::ones) {
        data[i] = 1;
      } else {
        data[i] = float(random.uniform(-1, 1) / std::sqrt(double(std::max<int64_t>(4, fan_in))));
      }
    }
    params.push_back({spec.name, value.requires_grad_(true)});
  }
  return params;
}

// Processor time summed over threads, so that other programs on the machine do not count.
double seconds() { return double(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  const int steps = argument(1, 10), batch = argument(2, 8), side = argument(3, 128);
  NafnetConfig config;
  config.width = argument(5, 32);
  config.encoder_blocks = {2, 2, 4};
  config.middle_blocks = 4;
  config.decoder_blocks = {2, 2, 2};
  config.unshuffle = 2;

  keep_freed_memory();
  TorchBackend backend({.threads = argument(4, 1), .fused = argument(6, 1) != 0});
  NamedParams params = random_params(nafnet_weights(config));
  AdamW optimizer(params);
  Weights weights;
  int64_t count = 0;
  for (const NamedParam& p : params) {
    weights.emplace(p.name, TorchBackend::wrap(p.value));
    count += p.value.numel();
  }
  torch::manual_seed(1);
  const torch::Tensor gt = torch::rand({batch, side, side, 3}), lq = gt + 0.1 * torch::randn_like(gt);

  double forward = 0, backward = 0, update = 0;
  for (int step = -2; step < steps; ++step) {
    const double t0 = seconds();
    const Tensor out = nafnet(backend, config, Scope(weights), TorchBackend::wrap(lq));
    torch::Tensor loss = mean_absolute_loss(TorchBackend::tensor(out), gt);
    const double t1 = seconds();
    forget_gradients(params);
    loss.backward();
    const double t2 = seconds();
    optimizer.step(1e-4);
    const double t3 = seconds();
    if (step < 0) continue;
    forward += t1 - t0;
    backward += t2 - t1;
    update += t3 - t2;
    if (step == 0 || step + 1 == steps) std::printf("step %d loss %.7f\n", step, loss.item<double>());
  }
  std::printf("%.2f M parameters: forward %.1f ms, backward %.1f ms, AdamW %.1f ms, step %.1f ms\n",
              double(count) / 1e6, forward / steps * 1e3, backward / steps * 1e3, update / steps * 1e3,
              (forward + backward + update) / steps * 1e3);
}
