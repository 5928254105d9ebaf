// Loss and gradients of one training step of the restoration network, against the reference.
#include "e2e_parity.h"
#include "torch/torch_backend.h"

namespace daclip {
namespace {

using fixtures::Json;
namespace fs = std::filesystem;

// One value per image, broadcast over (N,H,W,C).
torch::Tensor per_image(const std::vector<int64_t>& times, const std::function<double(int)>& value) {
  std::vector<float> values;
  for (const int64_t t : times) values.push_back(float(value(int(t))));
  return torch::tensor(values).view({-1, 1, 1, 1});
}

class TrainStep {
 public:
  explicit TrainStep(const fs::path& folder)
      : json_(fixtures::read_json(folder / "config.json")), cases_(read_safetensors(folder / "train_step.safetensors")),
        config_(fixtures::unet_config(json_)), schedule_(fixtures::sde_config(json_.at("train_step").at("sde"))),
        weights_(fixtures::upload(b_, read_safetensors(folder / "weights.safetensors"))),
        times_(cases_.at("timesteps").to_ints()) {
    for (auto& [name, weight] : weights_)
      weight = TorchBackend::wrap(TorchBackend::tensor(weight).requires_grad_(true));
  }

  void check() {
    const torch::Tensor x0 = image("gt"), mu = image("lq"), noise = image("noise");
    const auto coefficient = [&](const auto& value) { return per_image(times_, value); };
    const torch::Tensor state = mu + coefficient([&](int t) { return schedule_.alpha(t); }) * (x0 - mu) +
                                coefficient([&](int t) { return schedule_.sigma_bar(t); }) * noise;
    EXPECT_LE((state - image("state")).abs().max().item<double>(), 1e-6);

    const std::vector<double> network_times(times_.begin(), times_.end());
    const Contexts contexts{fixtures::from_array(b_, cases_.at("image_context")),
                            fixtures::from_array(b_, cases_.at("text_context"))};
    const torch::Tensor predicted = TorchBackend::tensor(
        unet(b_, config_, Scope(weights_), TorchBackend::wrap(state), TorchBackend::wrap(mu), network_times, contexts));
    const auto euler = [&](int t) { return euler_mean(schedule_, t); };
    const auto best = [&](int t) { return posterior(schedule_, t, t - 1); };
    const torch::Tensor mean = coefficient([&](int t) { return euler(t).state; }) * (state - mu) +
                               coefficient([&](int t) { return euler(t).noise; }) * predicted;
    const torch::Tensor optimum = coefficient([&](int t) { return best(t).state; }) * (state - mu) +
                                  coefficient([&](int t) { return best(t).clean; }) * (x0 - mu);
    const torch::Tensor loss = (mean - optimum).abs().mean();
    const double expected = cases_.at("loss64").to_doubles().at(0);
    EXPECT_NEAR(loss.item<double>(), expected, 1e-5 * expected);
    loss.backward();
    check_gradients();
  }

 private:
  static constexpr double kTolerance = 2e-5;  // relative to the tensor's largest value; from the fixtures' README

  torch::Tensor image(const char* name) { return TorchBackend::tensor(fixtures::from_nchw(b_, cases_.at(name))); }

  // Zeros if the loss does not depend on the weight.
  torch::Tensor gradient(const std::string& name) {
    const torch::Tensor& weight = TorchBackend::tensor(weights_.at(name));
    return weight.grad().defined() ? weight.grad().contiguous() : torch::zeros_like(weight);
  }

  void check_gradients() {
    int checked = 0;
    for (const auto& [key, array] : cases_.arrays) {
      if (!key.starts_with("grad.")) continue;
      const torch::Tensor found = gradient(key.substr(5));
      const std::vector<double> values = array.to_doubles();
      fixtures::expect_close({found.data_ptr<float>(), size_t(found.numel())}, values,
                             kTolerance * fixtures::largest(values) + 1e-12, key);
      ++checked;
    }
    EXPECT_GT(checked, 0);
    const std::vector<std::string> names = json_.at("grad_l2_names");
    const std::vector<double> norms = cases_.at("grad_l2").to_doubles();
    ASSERT_EQ(norms.size(), names.size());
    ASSERT_EQ(names.size(), weights_.size());
    for (size_t i = 0; i < names.size(); ++i) {
      const double norm = gradient(names[i]).to(torch::kDouble).norm().item<double>();
      EXPECT_NEAR(norm, norms[i], kTolerance * norms[i] + 1e-12) << names[i];
    }
  }

  TorchBackend b_;
  Json json_;
  NamedArrays cases_;
  UnetConfig config_;
  Schedule schedule_;
  Weights weights_;
  std::vector<int64_t> times_;
};

TEST(UnetTrainStep, loss_and_gradients_equal_the_reference) {
  const std::vector<fs::path> folders = fixtures::folders_with(fixtures::golden_root(), "/train_step/sde");
  if (folders.empty()) GTEST_SKIP() << "no " << fixtures::golden_root();
  for (const fs::path& folder : folders) TrainStep(folder).check();
}

}  // namespace
}  // namespace daclip
