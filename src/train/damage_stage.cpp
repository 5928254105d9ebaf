// Training the damage network (nets/damage_net.h) on mixtures: binary cross-entropy for the presence of each kind, and
// the mean absolute error of its severity where that is known.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/threads.h"
#include "data/crop.h"
#include "data/random_streams.h"
#include "data/sample_stream.h"
#include "metrics/metric_weights.h"
#include "pipeline/damage_input.h"
#include "train/ahead.h"
#include "train/checkpoint.h"
#include "train/dataset.h"
#include "train/image_text.h"
#include "train/stage.h"

namespace daclip {
namespace {

constexpr int64_t kKinds = kDegradationCount;

// Damage below 38.5 dB is hardly visible and does not count as present; above 35.5 dB it does.
float presence(float severity) { return severity < 0 ? 1.f : std::clamp((severity - 0.05f) / 0.1f, 0.f, 1.f); }

class DamageStage : public Stage {
 public:
  explicit DamageStage(const TrainConfig& config)
      : config_(config), backend_(torch_options(config)), data_(load_dataset(config)),
        sampler_(data_.train, sampler_config(config)), stream_(sampler_, config.run.loader_threads) {
    config_.damage.kinds = kDegradationCount;
    params_ = make_params(damage_weights(config_.damage), config_.run.seed, backend_.device());
    continue_from(config_.init.damage);
    weights_ = as_weights(params_);
    prepare_validation();
  }

  std::string name() const override { return "damage"; }
  const TrainConfig& config() const override { return config_; }
  std::vector<std::string> trained_sections() const override { return {"damage"}; }
  NamedParams& params() override { return params_; }

  torch::Tensor loss(int64_t step, nlohmann::json& parts) override {
    const Batch batch = batches_.get(step);
    const torch::Tensor logits = run(weights_, batch.view, batch.tiles, config_.data.batch);
    const torch::Tensor present = logits.slice(1, 0, kKinds), severe = logits.slice(1, kKinds).sigmoid();
    const auto table = [&](const std::vector<float>& values) {
      return torch::tensor(values).view({-1, kKinds}).to(backend_.device());
    };
    const torch::Tensor known = table(batch.known), measured = table(batch.measured);
    const torch::Tensor each = torch::nn::functional::binary_cross_entropy_with_logits(
        present, table(batch.present),
        torch::nn::functional::BinaryCrossEntropyWithLogitsFuncOptions().reduction(torch::kNone));
    const torch::Tensor presence_loss = (each * known).sum(1).mean();
    const torch::Tensor error = ((severe - table(batch.severity)).abs() * measured).sum() / measured.sum().clamp_min(1);
    parts["presence"] = presence_loss.item<double>();
    parts["severity"] = error.item<double>();
    return presence_loss + error;
  }

  // Of held-out photos with one synthetic kind each: how often it is found, is the most probable one, and how often
  // nothing is found in good ones.
  nlohmann::json validate(const NamedParams& params, std::string& summary) override {
    const torch::NoGradGuard no_grad;
    const Weights weights = as_weights(params);
    std::array<double, kLabels.size()> right{}, found{}, count{};
    double error = 0;
    for (const Held& held : validation_) {
      const torch::Tensor logits = run(weights, held.input.view, held.input.tiles, 1)[0];
      const torch::Tensor present = logits.slice(0, 0, kKinds).sigmoid();
      const int64_t best = present.argmax().item<int64_t>();
      const bool any = present[best].item<float>() > 0.5f;
      const auto label = size_t(held.label);
      count[label] += 1;
      right[label] += held.label == kClean ? !any : any && best == held.label;
      if (held.label == kClean) continue;
      found[label] += present[held.label].item<float>() > 0.5f;
      error += std::abs(logits[kKinds + held.label].sigmoid().item<float>() - held.severity);
    }
    nlohmann::json result;
    std::string line;
    double accuracy = 0;
    for (size_t i = 0; i < kLabels.size(); ++i) {
      const double share = right[i] / count[i];
      accuracy += share / double(kLabels.size());
      result["right"][std::string(kLabels[i])] = share;
      if (int(i) != kClean) result["found"][std::string(kLabels[i])] = found[i] / count[i];
      line += cat(" ", kLabels[i], " ", std::round(1000 * share) / 10);
    }
    result["accuracy"] = accuracy;
    result["severity_error"] = error / (double(validation_.size()) - count[kClean]);
    summary = cat("accuracy ", std::round(10000 * accuracy) / 100, " %:", line);
    return result;
  }

  void store(NamedArrays&, nlohmann::json&) const override {}

 private:
  struct Batch {
    std::vector<float> view, tiles;                         // of all photos
    std::vector<float> present, known, severity, measured;  // (N, kinds); known and measured are 0 or 1
  };
  struct Held {
    int label;
    float severity;
    DamageInput input;
  };

  static SamplerConfig sampler_config(const TrainConfig& config) {
    SamplerConfig sampler = config.sampler;
    sampler.min_side = config.damage.tile;
    return sampler;
  }

  torch::Tensor run(const Weights& weights, const std::vector<float>& view, const std::vector<float>& tiles,
                    int64_t photos) {
    const DamageConfig& c = config_.damage;
    const Tensor logits =
        damage_logits(backend_, c, Scope(weights), backend_.from_floats(view, {photos, c.view, c.view, 3}),
                      backend_.from_floats(tiles, {photos * c.grid * c.grid, c.tile, c.tile, 3}));
    return TorchBackend::tensor(logits).to(torch::kFloat32);
  }

  Batch make_batch(int64_t step) {
    const size_t slots = size_t(config_.data.batch);
    std::vector<DamageInput> inputs(slots);
    std::vector<std::shared_ptr<const Sample>> samples;
    for (size_t slot = 0; slot < slots; ++slot) samples.push_back(stream_.get(step, int(slot)));
    for_each_index(slots, config_.run.loader_threads, [&](size_t slot) {
      const FloatImage& lq = samples[slot]->lq;
      Random random(stream_seed(config_.run.seed, step, Stream::crop, int64_t(slot)));
      const CropPlan part = random_region(lq.width, lq.height, config_.data.region_share, random);
      inputs[slot] = damage_input(crop(lq, part), config_.damage);
    });
    Batch batch;
    for (size_t slot = 0; slot < slots; ++slot) {
      batch.view.insert(batch.view.end(), inputs[slot].view.begin(), inputs[slot].view.end());
      batch.tiles.insert(batch.tiles.end(), inputs[slot].tiles.begin(), inputs[slot].tiles.end());
      for (const float severity : samples[slot]->severity) {
        batch.present.push_back(presence(severity));
        batch.known.push_back(severity != kUnknownPresence);
        batch.severity.push_back(severity);
        batch.measured.push_back(severity > 0);
      }
    }
    return batch;
  }

  // A checkpoint of this stage, or SqueezeNet's published weights for both of its copies.
  void continue_from(const std::string& path) {
    if (path.empty()) return;
    const torch::NoGradGuard no_grad;
    if (std::filesystem::path(path).extension() == ".safetensors") {
      load_params(params_, read_checkpoint(path, "damage").arrays, "ema.");
      return;
    }
    const NamedArrays squeeze = read_perceptual_net(path, PerceptualNet::squeeze);
    for (const std::string copy : {"view.", "tiles."})
      for (NamedParam& param : params_)
        if (param.name.starts_with(copy)) {
          const NamedArray& array = squeeze.at(param.name.substr(copy.size()));
          param.value.copy_(TorchBackend::tensor(backend_.weight(array.to_floats(), array.shape)));
        }
  }

  void prepare_validation() {
    if (config_.run.validate_interval == 0) return;
    const size_t photos = std::min(data_.holdout.size(), size_t(config_.data.validation_photos));
    if (photos == 0) throw UsageError("data.holdout: no photo left for validation");
    for (size_t i = 0; i < photos; ++i)
      for (int label = 0; label < int(kLabels.size()); ++label) {
        const Sample sample = validation_sample(data_, i, label);
        validation_.push_back({label, severity_between(sample.gt, sample.lq), damage_input(sample.lq, config_.damage)});
      }
  }

  TrainConfig config_;
  TorchBackend backend_;
  Dataset data_;
  Sampler sampler_;
  SampleStream stream_;
  Ahead<Batch> batches_{[this](int64_t step) { return make_batch(step); }};
  NamedParams params_;
  Weights weights_;
  std::vector<Held> validation_;
};

}  // namespace

std::unique_ptr<Stage> make_damage_stage(const TrainConfig& config) { return std::make_unique<DamageStage>(config); }

}  // namespace daclip
