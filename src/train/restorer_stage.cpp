// Trains a restoration network that restores in one evaluation: blind, or steered by a frozen DA-CLIP.
#include <cmath>

#include "core/error.h"
#include "core/threads.h"
#include "data/crop.h"
#include "data/random_streams.h"
#include "data/sample_stream.h"
#include "restoration/direct_network.h"
#include "train/ahead.h"
#include "train/checkpoint.h"
#include "train/daclip_encoder.h"
#include "train/dataset.h"
#include "train/image_text.h"
#include "train/losses.h"
#include "train/stage.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

constexpr int kValidationSide = 256;  // the middle of each held-out photo is restored

constexpr double kLargestDoubt = 0.8;  // the other label's largest fraction under label_noise, on damaged photos

double psnr(const torch::Tensor& a, const torch::Tensor& b) {
  const double mse = (a.to(torch::kFloat64) - b.to(torch::kFloat64)).square().mean().item<double>();
  return mse > 0 ? std::min(100.0, -10 * std::log10(mse)) : 100.0;
}

class RestorerStage : public Stage {
 public:
  explicit RestorerStage(const TrainConfig& config)
      : config_(with_contexts(config)), network_(as_direct(*config_.restorer)), backend_(torch_options(config)),
        data_(load_dataset(config)), sampler_(data_.train, sampler_config(config)),
        stream_(sampler_, config.run.loader_threads) {
    if (!config_.init.daclip.empty()) {
      encoder_ = std::make_unique<DaclipEncoder>(backend_, config_.init.daclip);
      const ContextDims dims = network_.context_dims();
      if (encoder_->embedding() != dims.degradation || encoder_->embedding() != dims.content)
        throw UsageError(
            cat("restorer: degradation_dim and content_dim must be the DA-CLIP's ", encoder_->embedding()));
    }
    if (config_.data.crop % network_.multiple() != 0)  // the network would learn the zeros that it pads with
      throw UsageError(cat("data.crop ", config_.data.crop, ": expected a multiple of ", network_.multiple()));
    params_ = make_params(network_.weights(), config_.run.seed, backend_.device());
    set_gains(config_.init.residual_gain);
    if (!config_.init.restorer.empty()) continue_from(config_.init.restorer);
    weights_ = as_weights(params_);
    contexts_.resize(size_t(config_.data.batch));
    prepare_validation();
  }

  std::string name() const override { return "restorer"; }
  const TrainConfig& config() const override { return config_; }
  std::vector<std::string> trained_sections() const override { return {"restorer"}; }
  NamedParams& params() override { return params_; }

  torch::Tensor loss(int64_t step, nlohmann::json&) override {
    const Crops crops = crops_.get(step);
    const Contexts contexts = encoder_ ? batch_contexts(step, crops.samples) : Contexts{};
    const Shape shape{config_.data.batch, config_.data.crop, config_.data.crop, 3};
    const Tensor output = network_.forward(backend_, Scope(weights_), backend_.from_floats(crops.lq, shape), contexts);
    const torch::Tensor target = TorchBackend::tensor(backend_.weight(crops.gt, shape));
    const torch::Tensor restored = TorchBackend::tensor(output).to(torch::kFloat32);
    return restoration_loss(config_.loss, restored, target);
  }

  nlohmann::json validate(const NamedParams& params, std::string& summary) override {
    const torch::NoGradGuard no_grad;
    const Weights weights = as_weights(params);
    std::array<double, kLabels.size()> before{}, after{}, count{};
    for (const Held& held : validation_) {
      Contexts contexts;
      if (encoder_) contexts.degradation = as_activation(held.context.degradation);
      if (encoder_ && held.context.content.defined()) contexts.content = as_activation(held.context.content);
      const Tensor output = network_.forward(backend_, Scope(weights), as_activation(held.lq), contexts);
      const torch::Tensor restored = TorchBackend::tensor(output).to(torch::kFloat32).clamp(0, 1);
      before[size_t(held.label)] += psnr(held.lq, held.gt);
      after[size_t(held.label)] += psnr(restored, held.gt);
      count[size_t(held.label)] += 1;
    }
    nlohmann::json result;
    double gain = 0;
    std::string line;
    for (size_t i = 0; i < kLabels.size(); ++i) {
      const double from = before[i] / count[i], to = after[i] / count[i];
      result[std::string(kLabels[i])] = {{"input", from}, {"psnr", to}};
      char text[96];
      std::snprintf(text, sizeof text, " %s %.2f>%.2f", std::string(kLabels[i]).c_str(), from, to);
      line += text;
      if (int(i) != kClean) gain += (to - from) / kDegradationCount;
    }
    result["gain"] = gain;
    summary = cat("mean gain ", std::round(gain * 100) / 100, " dB:", line);
    return result;
  }

  void store(NamedArrays&, nlohmann::json& metadata) const override { metadata["steered"] = bool(encoder_); }

 private:
  struct Crops {
    std::vector<std::shared_ptr<const Sample>> samples;
    std::vector<float> lq, gt;  // (N,S,S,3)
  };
  struct Held {
    int label;
    torch::Tensor lq, gt;  // (1,H,W,3)
    DaclipEncoder::Embeddings context;
  };
  struct SlotContext {
    int64_t serial = -1;
    DaclipEncoder::Embeddings embeddings;
  };

  static SamplerConfig sampler_config(const TrainConfig& config) {
    SamplerConfig sampler = config.sampler;
    sampler.min_side = config.data.crop;
    return sampler;
  }

  Crops make_crops(int64_t step) {
    const size_t slots = size_t(config_.data.batch), side = size_t(config_.data.crop), size = side * side * 3;
    Crops crops{{}, std::vector<float>(slots * size), std::vector<float>(slots * size)};
    for (size_t slot = 0; slot < slots; ++slot) crops.samples.push_back(stream_.get(step, int(slot)));
    for_each_index(slots, config_.run.loader_threads, [&](size_t slot) {
      const Sample& sample = *crops.samples[slot];
      Random random(stream_seed(config_.run.seed, step, Stream::crop, int64_t(slot)));
      const CropPlan plan = random_square(sample.gt.width, sample.gt.height, int(side), random);
      crop_into(sample.lq, plan, crops.lq.data() + slot * size);
      crop_into(sample.gt, plan, crops.gt.data() + slot * size);
    });
    return crops;
  }

  // A blind restorer has no parts for contexts, whatever their sizes in the file.
  static TrainConfig with_contexts(TrainConfig config) {
    if (config.init.daclip.empty()) config.restorer = with_context_dims(*config.restorer, {});
    return config;
  }

  // The whole photo's embeddings, computed once for as long as the slot keeps it.
  const DaclipEncoder::Embeddings& slot_context(int64_t step, int slot, const Sample& sample) {
    SlotContext& cached = contexts_[size_t(slot)];
    if (const int64_t serial = sampler_.serial(step, slot); cached.serial != serial)
      cached = {serial, encode(sample.lq)};
    return cached.embeddings;
  }

  DaclipEncoder::Embeddings encode(const FloatImage& lq) {
    DaclipEncoder::Embeddings embeddings = encoder_->encode(lq);
    if (config_.loss.steering == "labels") embeddings.degradation = encoder_->label_mixture(embeddings.degradation);
    return embeddings;
  }

  // Drawn for the whole batch: the labels' own embeddings, the frozen DA-CLIP's of the degraded photos, or nothing.
  Contexts batch_contexts(int64_t step, const std::vector<std::shared_ptr<const Sample>>& samples) {
    Random random(stream_seed(config_.run.seed, step, Stream::contexts));
    Contexts contexts;
    if (random.chance(config_.loss.context_dropout)) return contexts;
    if (random.chance(config_.loss.label_share)) {
      contexts.degradation = label_contexts(samples, random);
      return contexts;
    }
    std::vector<torch::Tensor> content, degradation;
    for (int slot = 0; slot < int(samples.size()); ++slot) {
      const DaclipEncoder::Embeddings& context = slot_context(step, slot, *samples[size_t(slot)]);
      degradation.push_back(context.degradation);
      content.push_back(context.content);
    }
    contexts.degradation = as_activation(torch::cat(degradation));
    contexts.content = as_activation(torch::cat(content));
    return contexts;
  }

  Tensor as_activation(const torch::Tensor& x) const {
    return TorchBackend::wrap(x.to(backend_.compute_dtype() == DType::bf16 ? torch::kBFloat16 : torch::kFloat32));
  }

  DaclipEncoder::Embeddings label_context(int label) const {
    return {{}, encoder_->labels().slice(0, label, label + 1)};
  }

  // The sum of the embeddings of a sample's kinds, or the embedding of "clean". With label_noise they lose weight to
  // another label, as an uncertain recognition mixes them. (N,E)
  Tensor label_contexts(const std::vector<std::shared_ptr<const Sample>>& samples, Random& random) const {
    constexpr size_t kCount = kLabels.size();
    std::vector<float> shares(samples.size() * kCount);
    for (size_t slot = 0; slot < samples.size(); ++slot) {
      float* share = shares.data() + slot * kCount;
      const Sample& sample = *samples[slot];
      double doubt = random.chance(config_.loss.label_noise) ? random.uniform() : 0;
      if (sample.label != kClean) {
        doubt *= kLargestDoubt;
      } else if (doubt > 0.5) {
        doubt = 1;  // a wrong label should not harm a good photo
      }
      share[sample.label] += float(1 - doubt);
      for (int kind = 0; kind < kDegradationCount; ++kind)
        if (kind != sample.label && sample.severity[size_t(kind)] > 0) share[kind] += float(1 - doubt);
      share[sampler_.pick_label(random)] += float(doubt);
    }
    const torch::Tensor mixture = torch::tensor(shares).view({-1, int64_t(kCount)}).to(backend_.device());
    return as_activation(mixture.matmul(encoder_->labels()));
  }

  void continue_from(const std::string& path) {
    NamedArrays arrays = read_safetensors(path);
    if (!arrays.has("labels")) {
      load_params(params_, read_checkpoint(path, "restorer").arrays, "ema.");
      return;
    }
    // A model file may hold another DA-CLIP: its content embeddings differ, so their attention is left out, and its
    // labels are translated.
    std::erase_if(arrays.arrays, [](const auto& item) { return item.first.starts_with("restorer.mid_attn."); });
    load_params(params_, arrays, "restorer.");
    if (encoder_) translate_labels(arrays.at("labels"));
  }

  // Rotates the prompt module's input, so that it responds to each label of this DA-CLIP as it did to the same label of
  // the model's. Both sets of labels are orthonormal.
  void translate_labels(const NamedArray& labels) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor& now = encoder_->labels();
    if (labels.shape != now.sizes().vec())
      throw WeightsError(cat(config_.init.restorer, ": labels: expected shape ", to_string(now.sizes().vec()),
                             ", found ", to_string(labels.shape)));
    const torch::Tensor before = TorchBackend::tensor(backend_.weight(labels.to_floats(), labels.shape));
    for (NamedParam& param : params_)
      if (param.name == "prompt_mlp.0.weight") param.value += param.value.matmul((before - now).t()).matmul(now);
  }

  void set_gains(double gain) {
    const torch::NoGradGuard no_grad;
    for (NamedParam& param : params_)
      if (param.name.ends_with(".beta") || param.name.ends_with(".gamma")) param.value.fill_(gain);
  }

  torch::Tensor to_tensor(const FloatImage& image) {
    return TorchBackend::tensor(backend_.weight(image.data, {1, image.height, image.width, 3}));
  }

  void prepare_validation() {
    if (config_.run.validate_interval == 0) return;
    const size_t photos = std::min(data_.holdout.size(), size_t(config_.data.validation_photos));
    if (photos == 0) throw UsageError("data.holdout: no photo left for validation");
    for (int label = 0; label < int(kLabels.size()); ++label) {
      for (size_t i = 0; i < photos; ++i) {
        const Sample sample = validation_sample(data_, i, label);
        Held held{
            label, to_tensor(centre(sample.lq, kValidationSide)), to_tensor(centre(sample.gt, kValidationSide)), {}};
        if (encoder_) held.context = config_.loss.label_share == 1 ? label_context(label) : encode(sample.lq);
        validation_.push_back(std::move(held));
      }
    }
  }

  TrainConfig config_;
  const DirectNetwork& network_;  // config_.restorer
  TorchBackend backend_;
  Dataset data_;
  Sampler sampler_;
  SampleStream stream_;
  Ahead<Crops> crops_{[this](int64_t step) { return make_crops(step); }};
  std::unique_ptr<DaclipEncoder> encoder_;
  NamedParams params_;
  Weights weights_;
  std::vector<SlotContext> contexts_;
  std::vector<Held> validation_;
};

}  // namespace

std::unique_ptr<Stage> make_restorer_stage(const TrainConfig& config) {
  return std::make_unique<RestorerStage>(config);
}

}  // namespace daclip
