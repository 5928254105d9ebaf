// Trains a network that predicts the noise of IR-SDE's states (DA-CLIP, Section 3.2): blind, or steered by a frozen
// DA-CLIP.
#include "core/error.h"
#include "data/random_streams.h"
#include "metrics/lpips.h"
#include "restoration/diffusion_network.h"
#include "torch/recompute.h"
#include "train/diffusion_loss.h"
#include "train/image_text.h"
#include "train/restoration_data.h"
#include "train/stage.h"

namespace daclip {
namespace {

class DiffusionStage : public Stage {
 public:
  explicit DiffusionStage(const TrainConfig& config)
      : config_(with_contexts(config)), network_(as_diffusion(*config_.restorer)), schedule_(network_.sde()),
        backend_(torch_options(config)), data_(config_, backend_), params_(data_.starting_params()),
        weights_(as_weights(params_)) {
    if (config.loss.restorer == "psnr")
      throw UsageError("loss.restorer: \"psnr\": expected l1, l2 or charbonnier in the diffusion stage");
    network_.check_sampling(sampling());
    if (config.validation.metric_weights.empty()) return;
    lpips_backend_ = std::make_unique<TorchBackend>(TorchOptions{.device = backend_.device()});
    lpips_ = std::make_unique<Lpips>(*lpips_backend_, config.validation.metric_weights);
  }

  std::string name() const override { return "diffusion"; }
  const TrainConfig& config() const override { return config_; }
  std::vector<std::string> trained_sections() const override { return {"restorer", "sde"}; }
  NamedParams& params() override { return params_; }

  torch::Tensor loss(int64_t step, nlohmann::json&) override {
    const RestorationData::Batch batch = data_.batch(step);
    const Contexts contexts = data_.contexts(step, batch);
    const auto tensor = [&](const std::vector<float>& values) {
      return TorchBackend::tensor(backend_.weight(values, batch.shape));
    };
    const auto [times, noise] = draw(step, batch);
    const DiffusionSample sample{tensor(batch.gt), tensor(batch.lq), tensor(noise), times};
    const torch::Tensor state = diffusion_state(schedule_, sample);
    std::vector<double> network_times;
    for (const int t : times) network_times.push_back(t * schedule_.time_scale());
    const Tensor predicted = network_.noise(backend_, Scope(weights_), activation(state), activation(sample.mu),
                                            network_times, contexts, runner());
    return diffusion_loss(schedule_, config_.loss, sample, state, TorchBackend::tensor(predicted).to(torch::kFloat32));
  }

  nlohmann::json validate(const NamedParams& params, std::string& summary) override {
    const Weights weights = as_weights(params);
    const auto restore = [&](const RestorationData::Held& held) {
      const auto session = network_.session(backend_, Scope(weights), held.contexts, sampling());
      const FloatImage restored = session->restore(to_image(held.lq), 0, 0, {});
      return TorchBackend::tensor(backend_.weight(restored.data, held.lq.sizes().vec()));
    };
    const auto distance = [&](const torch::Tensor& restored, const torch::Tensor& gt) {
      return lpips_->distance(to_image(restored), to_image(gt));
    };
    return data_.validate(restore, summary, lpips_ ? RestorationData::Distance(distance) : nullptr);
  }

  void store(NamedArrays&, nlohmann::json& metadata) const override { metadata["steered"] = data_.steered(); }

 private:
  SamplerOptions sampling() const {
    const ValidationConfig& v = config_.validation;
    return {v.sampler, v.evaluations, v.seed};
  }

  // A time and noise for each image.
  std::pair<std::vector<int>, std::vector<float>> draw(int64_t step, const RestorationData::Batch& batch) const {
    std::vector<int> times;
    std::vector<float> noise(batch.lq.size());
    const size_t size = noise.size() / batch.samples.size();
    for (size_t slot = 0; slot < batch.samples.size(); ++slot) {
      Random random(stream_seed(config_.run.seed, step, Stream::diffusion, int64_t(slot)));
      times.push_back(1 + int(random.below(schedule_.steps())));
      for (size_t i = 0; i < size; ++i) noise[slot * size + i] = float(random.normal());
    }
    return {times, noise};
  }

  BlockRunner runner() const { return config_.optimizer.recompute ? BlockRunner(recompute) : BlockRunner(); }

  Tensor activation(const torch::Tensor& x) const {
    return TorchBackend::wrap(x.to(backend_.compute_dtype() == DType::bf16 ? torch::kBFloat16 : torch::kFloat32));
  }

  TrainConfig config_;
  const DiffusionNetwork& network_;  // config_.restorer
  Schedule schedule_;
  TorchBackend backend_;
  RestorationData data_;
  NamedParams params_;
  Weights weights_;
  std::unique_ptr<TorchBackend> lpips_backend_;  // in float32
  std::unique_ptr<Lpips> lpips_;
};

}  // namespace

std::unique_ptr<Stage> make_diffusion_stage(const TrainConfig& config) {
  return std::make_unique<DiffusionStage>(config);
}

}  // namespace daclip
