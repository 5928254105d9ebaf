// One step of DA-CLIP's training objective against the reference: losses and the gradients of every trained tensor.
#include <gtest/gtest.h>

#include "nets/clip_parity.h"
#include "torch/torch_backend.h"
#include "train/losses.h"

namespace daclip {
namespace {

using fixtures::Json;
namespace fs = std::filesystem;

constexpr double kLossTolerance = 5e-6, kGradientTolerance = 3e-5;  // the fixtures' README

// All weights; the controller's and the temperature require gradients.
Weights trained_weights(Backend& backend, const NamedArrays& file) {
  Weights weights = fixtures::upload(backend, file);
  for (auto& [name, weight] : weights) {
    if (!name.starts_with("clip.")) weight = TorchBackend::wrap(TorchBackend::tensor(weight).requires_grad_(true));
  }
  return weights;
}

void check_gradients(const fs::path& folder) {
  TorchBackend b;
  const Json json = fixtures::read_json(folder / "config.json");
  const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
  const ClipConfig config = fixtures::clip_config(json.at("model_cfg"));
  const Weights weights = trained_weights(b, read_safetensors(folder / "weights.safetensors"));
  const Scope w(weights);
  const auto unit = [&](const Tensor& x) { return TorchBackend::tensor(b.normalize(x)); };
  const auto text = [&](const char* tokens) {
    return unit(encode_text(b, config, w / "clip", cases.at(tokens).to_ints()));
  };

  const ImageFeatures image = encode_image_controlled(b, config, w, fixtures::from_nchw(b, cases.at("image")));
  const torch::Tensor scale = TorchBackend::tensor(weights.at("logit_scale")).exp();
  const torch::Tensor content = contrastive_loss(unit(image.content), text("tokens_caption"), scale);
  const torch::Tensor degradation = contrastive_loss(unit(image.degradation), text("tokens_degra"), scale);
  const torch::Tensor total = content + degradation;
  const auto expected = [&](const char* name) { return cases.at(name).to_doubles().at(0); };
  EXPECT_NEAR(content.item<double>(), expected("out64.loss_clip"), kLossTolerance);
  EXPECT_NEAR(degradation.item<double>(), expected("out64.loss_degra"), kLossTolerance);
  EXPECT_NEAR(total.item<double>(), expected("out64.loss_total"), kLossTolerance);

  total.backward();
  for (const auto& [key, array] : cases.arrays) {
    if (!key.starts_with("out.grad.")) continue;
    const torch::Tensor grad = TorchBackend::tensor(weights.at(key.substr(9))).grad().contiguous();
    const std::vector<double> values = array.to_doubles();
    fixtures::expect_close({grad.data_ptr<float>(), size_t(grad.numel())}, values,
                           kGradientTolerance * fixtures::largest(values), key);
  }
  const std::vector<double> norms = cases.at("out.gradnorm_all").to_doubles();
  const std::vector<std::string> names = json.at("gradnorm_all_names");
  ASSERT_EQ(norms.size(), names.size());
  for (size_t i = 0; i < norms.size(); ++i) {
    const double norm = TorchBackend::tensor(weights.at(names[i])).grad().norm().item<double>();
    EXPECT_NEAR(norm, norms[i], kGradientTolerance * norms[i] + 1e-12) << names[i];
  }
}

TEST(DaclipGradients, equal_the_reference) {
  int found = 0;
  for (const fs::path& folder : fixtures::folders_with(fixtures::golden_root(), "/gradnorm_all_names")) {
    check_gradients(folder);
    ++found;
  }
  if (found == 0) GTEST_SKIP() << "no " << fixtures::golden_root();
}

}  // namespace
}  // namespace daclip
