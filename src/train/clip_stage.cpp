// Training a small CLIP from scratch: images against captions. A fraction of the images is degraded, so that the towers
// know degradations too. The caption then ends in the label, as DA-CLIP's own captions do (DA-CLIP, Section 4).
#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "data/random_streams.h"
#include "pipeline/preprocess.h"
#include "train/ahead.h"
#include "train/dataset.h"
#include "train/image_text.h"
#include "train/losses.h"
#include "train/stage.h"

namespace daclip {
namespace {

class ClipStage : public Stage {
 public:
  explicit ClipStage(const TrainConfig& config)
      : config_(config), backend_(torch_options(config)), data_(captioned(load_dataset(config))),
        tokenizer_(vocabulary(data_, config.clip.text)), sampler_(data_.train, sampler_config(config)),
        stream_(sampler_, config.run.loader_threads) {
    config_.clip.text.vocab = int(tokenizer_.vocab());
    params_ = make_params(daclip_weights(config_.clip, false, true), config.run.seed, backend_.device());
    // The outer temperature belongs to the controller.
    std::erase_if(params_, [](const NamedParam& param) { return param.name == "logit_scale"; });
    weights_ = as_weights(params_);
    const auto is_scale = [](const NamedParam& p) { return p.name == "clip.logit_scale"; };
    scale_ = std::find_if(params_.begin(), params_.end(), is_scale)->value;
    const torch::NoGradGuard no_grad;
    scale_.fill_(std::log(1 / config.loss.temperature));
  }

  std::string name() const override { return "clip"; }
  const TrainConfig& config() const override { return config_; }
  std::vector<std::string> trained_sections() const override { return {"clip", "vision", "text", "preprocess"}; }
  NamedParams& params() override { return params_; }

  torch::Tensor loss(int64_t step, nlohmann::json& parts) override {
    const ImageBatch batch = batches_.get(step);
    std::vector<std::string> texts;
    for (size_t slot = 0; slot < batch.samples.size(); ++slot) {
      const Sample& sample = *batch.samples[slot];
      Random random(stream_seed(config_.run.seed, step, Stream::caption, int64_t(slot)));
      const auto& captions = data_.train[sample.photo].captions;
      std::string text = captions[size_t(random.below(int64_t(captions.size())))];
      // Half of the clean photos' captions name the label too.
      if (sample.label != kClean || random.chance(0.5)) text += ": " + std::string(kLabels[size_t(sample.label)]);
      texts.push_back(std::move(text));
    }
    const torch::Tensor images = unit(encode_images(weights_, images_of(backend_, config_, batch)));
    const torch::Tensor captions = unit(encode_texts(backend_, config_.clip, weights_, tokenize(), texts));
    parts["scale"] = scale_.exp().item<double>();
    return contrastive_loss(images, captions, scale_.exp(), text_ids(texts));
  }

  void after_update() override {
    const torch::NoGradGuard no_grad;
    scale_.clamp_(0, std::log(100.0));
  }

  // How often the right caption is the nearest of all held-out photos' first captions, and the other way round.
  nlohmann::json validate(const NamedParams& params, std::string& summary) override {
    const torch::NoGradGuard no_grad;
    const Weights weights = as_weights(params);
    std::vector<torch::Tensor> rows;
    std::vector<std::string> texts;
    for (size_t i = 0; i < data_.holdout.size(); ++i) {
      const FloatImage input = clip_input(validation_sample(data_, i, kClean).gt, config_.preprocess);
      rows.push_back(encode_images(weights, backend_.from_floats(input.data, {1, input.height, input.width, 3})));
      texts.push_back(data_.holdout[i].captions.front());
    }
    const torch::Tensor captions = unit(encode_texts(backend_, config_.clip, weights, tokenize(), texts));
    const torch::Tensor similarity = unit(torch::cat(rows)).matmul(captions.t());
    const auto recall = [&](const torch::Tensor& s, int64_t k) {
      const torch::Tensor rank = s.gt(s.diagonal().unsqueeze(1)).sum(1);
      return rank.lt(k).to(torch::kFloat64).mean().item<double>();
    };
    const nlohmann::json result = {{"photos", texts.size()},
                                   {"text_at_1", recall(similarity, 1)},
                                   {"text_at_5", recall(similarity, 5)},
                                   {"image_at_1", recall(similarity.t(), 1)},
                                   {"image_at_5", recall(similarity.t(), 5)}};
    summary = result.dump();
    return result;
  }

  void store(NamedArrays&, nlohmann::json& metadata) const override {
    metadata["words"] = nlohmann::json::parse(tokenizer_.to_json());
    metadata["vocab"] = tokenizer_.vocab();
  }

 private:
  static Dataset captioned(Dataset data) {
    const auto bare = [](const PackPhoto& photo) { return photo.captions.empty() || !photo.lq.empty(); };
    std::erase_if(data.train, bare);
    std::erase_if(data.holdout, bare);
    if (data.train.empty()) throw UsageError("data.packs: the clip stage needs photos with captions");
    return data;
  }

  static WordTokenizer vocabulary(const Dataset& data, const TextConfig& text) {
    std::vector<std::string> captions;
    for (const PackPhoto& photo : data.train)
      captions.insert(captions.end(), photo.captions.begin(), photo.captions.end());
    // The labels' words must be known whatever the captions say.
    const std::vector<std::string> labels = label_texts();
    for (int i = 0; i < 1000; ++i) captions.insert(captions.end(), labels.begin(), labels.end());
    if (text.vocab < 64) throw UsageError("text.vocab: expected at least 64");
    return WordTokenizer::build(captions, text.context, size_t(text.vocab) - 4);
  }

  static SamplerConfig sampler_config(const TrainConfig& config) {
    SamplerConfig sampler = config.sampler;
    sampler.min_side = std::max(16, config.preprocess.tile);
    const double share = config.data.degraded_share;
    if (share == 0) sampler.weights.fill(0);
    sampler.weights[kClean] = 0;
    const double degraded = std::accumulate(sampler.weights.begin(), sampler.weights.end(), 0.0);
    sampler.weights[kClean] = share > 0 ? degraded * (1 - share) / share : 1;
    return sampler;
  }

  Tokenize tokenize() const {
    return [this](std::string_view text) { return tokenizer_.tokenize(text); };
  }

  torch::Tensor encode_images(const Weights& weights, const Tensor& images) {
    const Scope scope = Scope(weights) / "clip" / "visual";
    return TorchBackend::tensor(encode_image(backend_, config_.clip.vision, config_.clip.quick_gelu, scope, images))
        .to(torch::kFloat32);
  }

  TrainConfig config_;
  TorchBackend backend_;
  Dataset data_;
  WordTokenizer tokenizer_;
  Sampler sampler_;
  SampleStream stream_;
  Ahead<ImageBatch> batches_{[this](int64_t step) { return image_batch(config_, stream_, step); }};
  NamedParams params_;
  Weights weights_;
  torch::Tensor scale_;
};

}  // namespace

std::unique_ptr<Stage> make_clip_stage(const TrainConfig& config) { return std::make_unique<ClipStage>(config); }

}  // namespace daclip
