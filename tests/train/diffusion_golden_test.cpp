// One step of IR-SDE's training against the reference: the state, the loss and the gradients of every tensor, with and
// without recomputed blocks.
#include <gtest/gtest.h>

#include "nets/fixtures.h"
#include "nets/unet.h"
#include "torch/recompute.h"
#include "torch/torch_backend.h"
#include "train/diffusion_loss.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

using fixtures::Json;
namespace fs = std::filesystem;

constexpr double kStateTolerance = 1e-6, kLossTolerance = 1e-5;  // relative
constexpr double kGradientTolerance = 2e-5;                      // of the tensor's largest, by the fixtures' README

torch::Tensor pictures(Backend& backend, const NamedArray& array) {
  return TorchBackend::tensor(fixtures::from_nchw(backend, array));
}

Tensor rows(Backend& backend, const NamedArray& array) { return backend.from_floats(array.to_floats(), array.shape); }

class TrainStep {
 public:
  explicit TrainStep(const fs::path& folder)
      : json_(fixtures::read_json(folder / "config.json")), step_(read_safetensors(folder / "train_step.safetensors")),
        schedule_(SdeConfig()) {
    const Json& kwargs = json_.at("kwargs");
    UnetConfig config;
    config.width = kwargs.at("nf");
    config.multipliers = kwargs.at("ch_mult").get<std::vector<int>>();
    config.degradation_dim = config.content_dim = kwargs.at("context_dim");
    network_ = make_unet(config);
    weights_ = fixtures::upload(b_, read_safetensors(folder / "weights.safetensors"));
    for (auto& [name, weight] : weights_)
      weight = TorchBackend::wrap(TorchBackend::tensor(weight).detach().requires_grad_(true));
  }

  void check(const BlockRunner& run) {
    DiffusionSample sample{
        pictures(b_, step_.at("gt")), pictures(b_, step_.at("lq")), pictures(b_, step_.at("noise")), {}};
    for (const int64_t t : step_.at("timesteps").to_ints()) sample.times.push_back(int(t));
    const torch::Tensor state = diffusion_state(schedule_, sample);
    const torch::Tensor expected_state = pictures(b_, step_.at("state"));
    EXPECT_LE((state - expected_state).abs().max().item<double>(), kStateTolerance);
    const std::vector<double> times(sample.times.begin(), sample.times.end());
    const Contexts contexts{rows(b_, step_.at("image_context")), rows(b_, step_.at("text_context"))};
    const Tensor predicted = network_->noise(b_, Scope(weights_), TorchBackend::wrap(state),
                                             TorchBackend::wrap(sample.mu), times, contexts, run);
    const torch::Tensor loss = diffusion_loss(schedule_, LossConfig(), sample, state, TorchBackend::tensor(predicted));
    const double expected_loss = step_.at("loss64").to_doubles().at(0);
    EXPECT_NEAR(loss.item<double>(), expected_loss, kLossTolerance * expected_loss);
    loss.backward();
    check_gradients();
  }

 private:
  void check_gradients() {
    int compared = 0;
    for (const auto& [key, array] : step_.arrays) {
      if (!key.starts_with("grad.")) continue;
      const torch::Tensor grad = TorchBackend::tensor(weights_.at(key.substr(5))).grad();
      const std::vector<double> values = array.to_doubles();
      const double largest = fixtures::largest(values);
      if (!grad.defined()) {  // cross-attention to a single token has queries and keys without effect
        EXPECT_LT(largest, 1e-9) << key;
        continue;
      }
      const torch::Tensor host = grad.contiguous();
      fixtures::expect_close({host.data_ptr<float>(), size_t(host.numel())}, values,
                             kGradientTolerance * largest + 1e-12, key);
      ++compared;
    }
    EXPECT_GT(compared, 50);
    const std::vector<double> norms = step_.at("grad_l2").to_doubles();
    const std::vector<std::string> names = json_.at("grad_l2_names");
    for (size_t i = 0; i < norms.size(); ++i) {
      const torch::Tensor grad = TorchBackend::tensor(weights_.at(names[i])).grad();
      const double norm = grad.defined() ? grad.norm().item<double>() : 0;
      EXPECT_NEAR(norm, norms[i], 2 * kGradientTolerance * norms[i] + 1e-9) << names[i];
    }
  }

  TorchBackend b_;
  Json json_;
  NamedArrays step_;
  std::unique_ptr<DiffusionNetwork> network_;
  Schedule schedule_;
  Weights weights_;
};

void check(const BlockRunner& run) {
  const fs::path folder = fixtures::golden_root() / "unet_tiny";
  if (!fs::exists(folder / "train_step.safetensors")) GTEST_SKIP() << "no " << folder;
  TrainStep(folder).check(run);
}

TEST(DiffusionTrainStep, equals_the_reference) { check({}); }
TEST(DiffusionTrainStep, equals_the_reference_with_recomputed_blocks) { check(recompute); }

}  // namespace
}  // namespace daclip
