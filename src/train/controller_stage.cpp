// Training the controller (Eq. 2) over a frozen CLIP: the degradation embedding towards the label's text, the content
// embedding towards what the clean photo shows.
//
// Degradation: cross-entropy of the cosines to the eleven label texts, which is the contrastive loss with rows of equal
// text masked and every label present in each batch. A text tower trained on few captions puts the eleven texts close
// together, so their embeddings are spread to the nearest orthonormal set (Loewdin 1950) and shipped as `labels`.
// Content: photos with captions against the frozen text tower's embedding of one; photos without against the frozen
// encoder's embedding of the clean photo. The two are separate batches of negatives, as texts and images fill
// different cones of the embedding space. Captions need a text tower and a vocabulary: those of the clip stage's
// checkpoint or of an imported model.
//
// loss.controller = "paper" replaces the first by Eq. 1 over the batch's label texts, and keeps the texts' embeddings
// as they are.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "data/random_streams.h"
#include "pipeline/preprocess.h"
#include "train/ahead.h"
#include "train/checkpoint.h"
#include "train/dataset.h"
#include "train/image_text.h"
#include "train/losses.h"
#include "train/stage.h"

namespace daclip {
namespace {

// The orthonormal rows nearest to the given ones.
torch::Tensor orthonormal(const torch::Tensor& rows) {
  const auto [u, s, vh] = torch::linalg_svd(rows.to(torch::kCPU, torch::kFloat64), /*full_matrices=*/false);
  return u.matmul(vh).to(torch::kFloat32);
}

class ControllerStage : public Stage {
 public:
  explicit ControllerStage(const TrainConfig& config)
      : ControllerStage(config, read_daclip(config.init.clip, "clip")) {}

  std::string name() const override { return "controller"; }
  const TrainConfig& config() const override { return config_; }
  std::vector<std::string> trained_sections() const override { return {"clip", "vision", "text", "preprocess"}; }
  NamedParams& params() override { return params_; }

  torch::Tensor loss(int64_t step, nlohmann::json& parts) override {
    ImageBatch batch = batches_.get(step);
    const Tensor images = images_of(backend_, config_, batch);
    std::vector<int64_t> labels;
    for (const auto& sample : batch.samples) labels.push_back(sample->label);
    // Through the frozen encoder go only the rows that the content term sees: it costs more than the controller.
    const int64_t rows = images.dim(0);
    const int64_t seen = std::clamp<int64_t>(std::llround(config_.loss.content_share * double(rows)), 1, rows);
    const ImageFeatures features =
        encode_image_controlled(backend_, config_.clip, Scope(weights_), backend_.slice(images, 0, 0, seen));
    torch::Tensor degradation_embedding = TorchBackend::tensor(features.degradation);
    if (seen < rows)
      degradation_embedding = torch::cat(
          {degradation_embedding, TorchBackend::tensor(encode_degradation(backend_, config_.clip, Scope(weights_),
                                                                          backend_.slice(images, 0, seen, rows)))});
    batch.samples.resize(size_t(seen));
    const torch::Tensor targets = torch::tensor(labels, torch::kInt64).to(backend_.device());
    const torch::Tensor unit_embedding = unit(degradation_embedding.to(torch::kFloat32));
    const torch::Tensor logits = scale() * unit_embedding.matmul(labels_.t());
    const torch::Tensor degradation = config_.loss.controller == "paper"
                                          ? contrast(unit_embedding, labels_.index_select(0, targets), labels)
                                          : torch::nn::functional::cross_entropy(logits, targets);
    const torch::Tensor content = content_loss(step, batch, TorchBackend::tensor(features.content).to(torch::kFloat32));
    parts["degradation"] = degradation.item<double>();
    parts["content"] = content.item<double>();
    parts["accuracy"] = logits.argmax(1).eq(targets).to(torch::kFloat64).mean().item<double>();
    return degradation + config_.loss.content_weight * content;
  }

  void after_update() override {
    const torch::NoGradGuard no_grad;
    scale_.clamp_(0, std::log(100.0));
  }

  nlohmann::json validate(const NamedParams& params, std::string& summary) override {
    const torch::NoGradGuard no_grad;
    Weights weights = weights_;
    add_weights(params, weights);
    const auto count = size_t(labels_.size(0));
    std::vector<std::vector<int>> confusion(count, std::vector<int>(count));
    double cosine = 0;
    for (const Held& held : validation_) {
      const ImageFeatures features = encode_image_controlled(backend_, config_.clip, Scope(weights), held.input);
      const torch::Tensor logits =
          unit(TorchBackend::tensor(features.degradation).to(torch::kFloat32)).matmul(labels_.t());
      ++confusion[size_t(held.label)][size_t(logits.argmax(1).item<int64_t>())];
      const torch::Tensor content = unit(TorchBackend::tensor(features.content).to(torch::kFloat32));
      cosine += (content * held.clean).sum().item<double>() / double(validation_.size());
    }
    nlohmann::json result;
    std::string line;
    double accuracy = 0;
    for (size_t i = 0; i < count; ++i) {
      int total = 0;
      for (int n : confusion[i]) total += n;
      const double share = double(confusion[i][i]) / total;
      accuracy += share / double(count);
      result["per_label"][std::string(kLabels[i])] = share;
      line += cat(" ", kLabels[i], " ", std::round(1000 * share) / 10);
    }
    result["accuracy"] = accuracy;
    result["content_cosine"] = cosine;  // of e_c of the degraded photo with the frozen CLIP's of the clean one
    result["confusion"] = confusion;
    summary = cat("accuracy ", std::round(10000 * accuracy) / 100, " %, content cosine ",
                  std::round(cosine * 1000) / 1000, ":", line);
    return result;
  }

  void store(NamedArrays& arrays, nlohmann::json& metadata) const override {
    store_params(frozen_, arrays, "frozen.");
    metadata["labels"] = std::vector<std::string>(kLabels.begin(), kLabels.begin() + labels_.size(0));
    arrays.arrays["frozen.labels"] = to_array(labels_);
  }

 private:
  struct Held {
    int label;
    Tensor input;
    torch::Tensor clean;  // (1,E), unit length: the frozen CLIP's embedding of the clean photo
  };

  ControllerStage(const TrainConfig& config, const Checkpoint& clip)
      : config_(with_clip(config, clip)), backend_(torch_options(config)), data_(load_dataset(config)),
        sampler_(data_.train, sampler_config(config_)), stream_(sampler_, config.run.loader_threads) {
    load_frozen(clip, clip.arrays.has("ema.clip.text_projection"));
    const Tokenize tokenize = tokenizer_of(clip, config_.clip.text);
    caption_begin_.assign(data_.train.size() + 1, 0);
    {
      const torch::NoGradGuard no_grad;
      set_labels(clip, tokenize);
      if (tokenize) embed_captions(tokenize);
    }
    params_ = controller_params();
    clip.stage == "controller" ? load_controller(clip) : copy_controller(clip);
    continue_from(config_.init.controller);
    prepare_validation();
  }

  // The towers' sizes and the input's preparation are those of the CLIP that is controlled.
  static TrainConfig with_clip(TrainConfig config, const Checkpoint& clip) {
    const bool has_controller = clip.stage == "controller";
    const std::vector<int> stem = config.clip.control_stem;
    config.clip = clip.config.clip;
    if (!stem.empty() || !has_controller) config.clip.control_stem = stem;
    config.preprocess = clip.config.preprocess;
    check_labels(labels_of(clip), config.init.clip);
    if (config.init.labels == 0) config.init.labels = int(labels_of(clip).size());
    if (config.init.labels == kDegradationCount) config.sampler.weights[kClean] = 0;
    if (clip.metadata.contains("vocab")) config.clip.text.vocab = clip.metadata["vocab"].get<int>();
    return config;
  }

  static SamplerConfig sampler_config(const TrainConfig& config) {
    SamplerConfig sampler = config.sampler;
    sampler.min_side = std::max(16, config.preprocess.tile);
    return sampler;
  }

  // A stem whose widths differ from the file's starts from random weights.
  void load_controller(const Checkpoint& clip) {
    NamedArrays arrays = clip.arrays;
    const auto of_stem = [](const std::string& name) { return name.find("visual_control.stem.") != std::string::npos; };
    const bool new_stem = config_.clip.control_stem != clip.config.clip.control_stem;
    if (new_stem) std::erase_if(arrays.arrays, [&](const auto& item) { return of_stem(item.first); });
    std::vector<std::string> missing = load_params(params_, arrays, "ema.");
    if (new_stem) std::erase_if(missing, of_stem);
    if (!missing.empty()) throw WeightsError(cat(config_.init.clip, ": lacks ", missing.front()));
  }

  void load_frozen(const Checkpoint& clip, bool text_tower) {
    frozen_ = make_params(daclip_weights(config_.clip, false, text_tower), 0, backend_.device());
    std::erase_if(frozen_, [](const NamedParam& param) { return param.name == "logit_scale"; });
    const std::vector<std::string> missing = load_params(frozen_, clip.arrays, "ema.");
    if (!missing.empty()) throw WeightsError(cat(config_.init.clip, ": lacks ", missing.front()));
    for (NamedParam& param : frozen_) param.value.requires_grad_(false);
    weights_ = as_weights(frozen_);
  }

  // A new controller learns the labels' texts, one that goes on keeps its labels.
  void set_labels(const Checkpoint& clip, const Tokenize& tokenize) {
    const bool goes_on = clip.stage == "controller", bare = config_.loss.label_text == "word";
    const int64_t count = config_.init.labels;
    if (goes_on || !tokenize) {
      const NamedArray& labels = clip.arrays.at("frozen.labels");
      labels_ = TorchBackend::tensor(backend_.weight(labels.to_floats(), labels.shape)).slice(0, 0, count);
      if (labels_.size(0) == count) return;
      if (!tokenize)
        throw UsageError(cat("init.labels: ", count, ": ", config_.init.clip, " has no vocabulary to embed \"",
                             kCleanLabel, "\" with"));
      const std::string clean = label_texts(bare).back();
      labels_ = torch::cat({labels_, unit(encode_texts(backend_, config_.clip, weights_, tokenize, {&clean, 1}))});
      return;
    }
    const std::vector<std::string> texts = label_texts(bare);
    labels_ = unit(encode_texts(backend_, config_.clip, weights_, tokenize, std::span(texts).first(size_t(count))));
    if (config_.loss.controller == "labels") labels_ = orthonormal(labels_).to(backend_.device());
  }

  void embed_captions(const Tokenize& tokenize) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < data_.train.size(); ++i) {
      const PackPhoto& photo = data_.train[i];
      if (photo.lq.empty()) texts.insert(texts.end(), photo.captions.begin(), photo.captions.end());
      caption_begin_[i + 1] = int64_t(texts.size());
    }
    std::vector<torch::Tensor> rows;
    constexpr size_t kChunk = 256;
    for (size_t i = 0; i < texts.size(); i += kChunk) {
      const std::span<const std::string> chunk(texts.data() + i, std::min(kChunk, texts.size() - i));
      rows.push_back(unit(encode_texts(backend_, config_.clip, weights_, tokenize, chunk)));
    }
    if (!rows.empty()) captions_ = torch::cat(rows);
    caption_ids_ = text_ids(texts);
  }

  NamedParams controller_params() const {
    std::vector<WeightSpec> specs = daclip_weights(config_.clip, true, true);
    std::erase_if(
        specs, [](const WeightSpec& s) { return !s.name.starts_with("visual_control.") && s.name != "logit_scale"; });
    return make_params(specs, config_.run.seed, backend_.device());
  }

  // The copy starts as CLIP's own tower, its zero connections at zero, the temperature as CLIP's.
  void copy_controller(const Checkpoint& clip) {
    const torch::NoGradGuard no_grad;
    for (NamedParam& param : params_) {
      std::string source = param.name;
      if (source.starts_with("visual_control.transformer.zero_modules.")) continue;
      if (source.starts_with("visual_control.stem.")) continue;
      if (source == "logit_scale") {
        const std::string own = "ema.clip.logit_scale";
        param.value.fill_(clip.arrays.at(clip.arrays.has(own) ? own : "ema.logit_scale").to_floats().at(0));
        continue;
      } else {
        source.replace(0, std::string("visual_control").size(), "clip.visual");
        if (const size_t at = source.find("transformer.transformer."); at != std::string::npos) source.erase(at, 12);
      }
      param.value.copy_(TorchBackend::tensor(Scope(weights_)(source)));
    }
  }

  void continue_from(const std::string& earlier) {
    const torch::NoGradGuard no_grad;
    if (!earlier.empty()) load_params(params_, read_checkpoint(earlier, "controller").arrays, "ema.");
    for (const NamedParam& param : params_)
      if (param.name == "logit_scale") scale_ = param.value;
    add_weights(params_, weights_);
  }

  torch::Tensor scale() const { return config_.loss.learn_temperature ? scale_.exp() : scale_.detach().exp(); }

  // Eq. 1 of rows of unit length.
  torch::Tensor contrast(const torch::Tensor& images, const torch::Tensor& texts,
                         const std::vector<int64_t>& ids) const {
    const LossConfig& loss = config_.loss;
    return contrastive_loss(images, texts, scale(), loss.mask_same_text ? ids : std::vector<int64_t>(),
                            loss.both_directions);
  }

  torch::Tensor content_loss(int64_t step, const ImageBatch& batch, const torch::Tensor& content) {
    std::vector<int64_t> captioned, uncaptioned, rows, ids, photos;
    std::vector<float> clean;
    for (size_t slot = 0; slot < batch.samples.size(); ++slot) {
      const Sample& sample = *batch.samples[slot];
      const int64_t first = caption_begin_[sample.photo], count = caption_begin_[sample.photo + 1] - first;
      if (count > 0) {
        Random random(stream_seed(config_.run.seed, step, Stream::caption, int64_t(slot)));
        captioned.push_back(int64_t(slot));
        rows.push_back(first + random.below(count));
        ids.push_back(caption_ids_[size_t(rows.back())]);
      } else {
        uncaptioned.push_back(int64_t(slot));
        photos.push_back(int64_t(sample.photo));
        const FloatImage input = clip_input(crop(sample.gt, batch.cuts[slot]), config_.preprocess);
        clean.insert(clean.end(), input.data.begin(), input.data.end());
      }
    }
    const auto select = [&](const torch::Tensor& from, const std::vector<int64_t>& index) {
      return from.index_select(0, torch::tensor(index, torch::kInt64).to(from.device()));
    };
    torch::Tensor loss = torch::zeros({}, content.options());
    const double total = double(batch.samples.size());
    if (!captioned.empty())
      loss = loss + contrast(unit(select(content, captioned)), select(captions_, rows), ids) *
                        (double(captioned.size()) / total);
    if (!uncaptioned.empty()) {
      torch::Tensor targets;
      {
        const torch::NoGradGuard no_grad;
        const int64_t side = config_.preprocess.size;
        targets = encode_clean(backend_.from_floats(clean, {int64_t(uncaptioned.size()), side, side, 3}));
      }
      loss =
          loss + contrast(unit(select(content, uncaptioned)), targets, photos) * (double(uncaptioned.size()) / total);
    }
    return loss;
  }

  torch::Tensor encode_clean(const Tensor& input) {
    const Scope scope = Scope(weights_) / "clip" / "visual";
    return unit(TorchBackend::tensor(encode_image(backend_, config_.clip.vision, config_.clip.quick_gelu, scope, input))
                    .to(torch::kFloat32));
  }

  Tensor to_input(const FloatImage& rgb) {
    const FloatImage input = clip_input(rgb, config_.preprocess);
    return backend_.from_floats(input.data, {1, input.height, input.width, 3});
  }

  void prepare_validation() {
    if (config_.run.validate_interval == 0) return;
    const torch::NoGradGuard no_grad;
    const size_t photos = std::min(data_.holdout.size(), size_t(config_.data.validation_photos));
    if (photos == 0) throw UsageError("data.holdout: no photo left for validation");
    for (size_t i = 0; i < photos; ++i) {
      torch::Tensor clean;
      for (int label = 0; label < int(labels_.size(0)); ++label) {
        const Sample sample = validation_sample(data_, i, label);
        if (!clean.defined()) clean = encode_clean(to_input(sample.gt));
        validation_.push_back({label, to_input(sample.lq), clean});
      }
    }
  }

  TrainConfig config_;
  TorchBackend backend_;
  Dataset data_;
  Sampler sampler_;
  SampleStream stream_;
  Ahead<ImageBatch> batches_{[this](int64_t step) { return image_batch(config_, stream_, step); }};
  NamedParams frozen_, params_;
  Weights weights_;
  torch::Tensor labels_, captions_, scale_;  // labels (count,E) and captions (all,E), unit length
  std::vector<int64_t> caption_begin_;       // photo i's captions are rows [begin[i], begin[i+1])
  std::vector<int64_t> caption_ids_;         // equal for equal texts
  std::vector<Held> validation_;
};

}  // namespace

std::unique_ptr<Stage> make_controller_stage(const TrainConfig& config) {
  if (config.init.clip.empty())
    throw UsageError("init.clip: the controller stage needs a checkpoint of the clip stage, or a model file");
  return std::make_unique<ControllerStage>(config);
}

}  // namespace daclip
