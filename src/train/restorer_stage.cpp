// Trains a restoration network that restores in one evaluation: blind, or steered by a frozen DA-CLIP.
#include "restoration/direct_network.h"
#include "train/image_text.h"
#include "train/losses.h"
#include "train/restoration_data.h"
#include "train/stage.h"

namespace daclip {
namespace {

class RestorerStage : public Stage {
 public:
  explicit RestorerStage(const TrainConfig& config)
      : config_(with_contexts(config)), network_(as_direct(*config_.restorer)), backend_(torch_options(config)),
        data_(config_, backend_), params_(data_.starting_params()), weights_(as_weights(params_)) {}

  std::string name() const override { return "restorer"; }
  const TrainConfig& config() const override { return config_; }
  std::vector<std::string> trained_sections() const override { return {"restorer"}; }
  NamedParams& params() override { return params_; }

  torch::Tensor loss(int64_t step, nlohmann::json&) override {
    const RestorationData::Batch batch = data_.batch(step);
    const Contexts contexts = data_.contexts(step, batch);
    const Tensor output =
        network_.forward(backend_, Scope(weights_), backend_.from_floats(batch.lq, batch.shape), contexts);
    const torch::Tensor target = TorchBackend::tensor(backend_.weight(batch.gt, batch.shape));
    return restoration_loss(config_.loss, TorchBackend::tensor(output).to(torch::kFloat32), target);
  }

  nlohmann::json validate(const NamedParams& params, std::string& summary) override {
    const Weights weights = as_weights(params);
    const auto restore = [&](const RestorationData::Held& held) {
      const Tensor lq = backend_.from_floats(to_image(held.lq).data, held.lq.sizes().vec());
      return TorchBackend::tensor(network_.forward(backend_, Scope(weights), lq, held.contexts));
    };
    return data_.validate(restore, summary);
  }

  void store(NamedArrays&, nlohmann::json& metadata) const override { metadata["steered"] = data_.steered(); }

 private:
  TrainConfig config_;
  const DirectNetwork& network_;  // config_.restorer
  TorchBackend backend_;
  RestorationData data_;
  NamedParams params_;
  Weights weights_;
};

}  // namespace

std::unique_ptr<Stage> make_restorer_stage(const TrainConfig& config) {
  return std::make_unique<RestorerStage>(config);
}

}  // namespace daclip
