#include "import/import.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/text.h"
#include "import/detect.h"
#include "import/import_options.h"
#include "import/label_tokens.h"
#include "model/describe.h"
#include "model/model.h"
#include "nets/weight_check.h"
#include "text/tokenizer.h"
#include "weights/half.h"
#include "weights/state_dict.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVocabularyName = "bpe_simple_vocab_16e6.txt.gz";

// Converts a tensor to the model file's type: floating point of at most 32 bits; with `half`, 16 bits for matrices.
NamedArray stored(const NamedArray& array, bool half, const std::string& what) {
  if (array.type == ArrayType::i32 || array.type == ArrayType::i64 || array.type == ArrayType::u8)
    throw WeightsError(cat(what, " holds integers, expected floating-point values"));
  const std::vector<float> values = array.to_floats();
  float largest = 0;
  for (const float v : values) {
    if (!std::isfinite(v)) throw WeightsError(cat(what, " holds NaN or infinity"));
    largest = std::max(largest, std::abs(v));
  }
  if (half && array.shape.size() >= 2 && element_size(array.type) > 2)
    return make_array(values, array.shape, largest <= kLargestHalf ? ArrayType::f16 : ArrayType::bf16);
  return array.type == ArrayType::f64 ? make_array(values, array.shape) : array;
}

// Overwrites the fields for which the user gave a value.
class NetworkOverrides : public ConfigVisitor {
 public:
  explicit NetworkOverrides(const ImportOptions& options) : options_(options) {}

  void field(const char* name, int& value, const Range&, Presence) override {
    if (is("sde", name, "steps")) replace(value, options_.timesteps);
  }
  void field(const char* name, double& value, const Range&, Presence) override {
    if (is("sde", name, "max_sigma")) replace(value, options_.max_sigma);
    if (is("sde", name, "eps")) replace(value, options_.eps);
  }
  void field(const char*, bool&, Presence) override {}
  void field(const char*, std::vector<int>&, const Range&, Presence) override {}
  void field(const char* name, std::string& value, std::span<const std::string_view>, Presence) override {
    if (is("sde", name, "schedule") && options_.schedule) value = schedule_name(*options_.schedule);
  }

 protected:
  void begin_section(const char* name) override { section_ = name; }
  void end_section() override { section_.clear(); }

 private:
  bool is(const char* section, const std::string& name, const char* wanted) const {
    return section_ == section && name == wanted;
  }
  template <class T>
  static void replace(T& value, const std::optional<T>& given) {
    if (given) value = *given;
  }

  const ImportOptions& options_;
  std::string section_;
};

class Import {
 public:
  Import(Backend& backend, const ImportOptions& options) : backend_(backend), options_(options) {
    facts_ = apply_configs(options_);
    model_.config.name = options.name;
  }

  ImportedModel run(std::span<const fs::path> files) {
    if (files.empty()) throw UsageError("import: no file given");
    for (const fs::path& path : files) add(path);
    if (!options_.entry.empty() && !entry_found_)
      throw UsageError(cat("--entry ", options_.entry, ": no file has such an entry or tensors whose names start so"));
    fit_together();
    if (model_.config.clip) {
      find_vocabulary(files);
      embed_labels();
    }
    const std::vector<std::string> lines = describe(model_.config);
    model_.notes.insert(model_.notes.begin(), lines.begin(), lines.end());
    model_.arrays.metadata = to_json(model_.config);
    return std::move(model_);
  }

 private:
  void add(const fs::path& path) {
    StateDict file = read_state_dict(path, options_.entry);
    entry_found_ |= file.entry_found;
    const std::string where = path.string();
    const bool clip = holds_clip(file.arrays, where);
    const NetworkType* network = clip ? nullptr : &detect_network_type(file.arrays, where);
    fs::path& taken = clip ? clip_file_ : restorer_file_;
    if (!taken.empty())
      throw UsageError(cat(where, " and ", taken.string(), " both hold ", clip ? "CLIP" : "a restoration network",
                           "; a model takes one"));
    taken = path;
    model_.notes.push_back(cat(where, ": ", file.origin, ", ", file.arrays.arrays.size(), " tensors"));
    if (!file.choice.empty())
      model_.notes.push_back(cat(where, ": weights are under ", joined(file.choice, ", ", " and "),
                                 "; taken: ", file.choice.front(), "; --entry chooses another"));
    if (clip)
      add_clip(std::move(file), where);
    else
      add_restorer(file.arrays, *network, where);
  }

  void add_clip(StateDict file, const std::string& where) {
    // OpenAI publishes torch.jit archives, which store the network's sizes as tensors.
    const bool of_openai = file.torchscript || file.arrays.has("input_resolution");
    tidy_clip_names(file.arrays, where);
    ModelConfig& config = model_.config;
    const DetectedClip found =
        detect_clip(file.arrays, {options_.head_width.value_or(64), options_.text_heads.value_or(0)}, where);
    config.clip = found.config;
    config.controller = found.controller;
    config.text_tower = true;
    config.clip->quick_gelu = options_.quick_gelu.value_or(of_openai);
    config.clip->control_order = options_.control_order.value_or(ControlOrder::reversed);
    config.preprocess = {PreprocessConfig::Kind::clip, config.clip->vision.image_size};
    check_facts(facts_, *config.clip, where);
    check(where, [&] { validate(*config.clip); });
    take(file.arrays, clip_weights(config), "daclip.", where);
    const NamedArray& scale = model_.arrays.at(config.controller ? "daclip.logit_scale" : "daclip.clip.logit_scale");
    config.logit_scale = std::exp(scale.to_floats().at(0));
    if (!std::isfinite(config.logit_scale)) throw WeightsError(cat(where, ": logit_scale is too large"));
  }

  void add_restorer(NamedArrays& arrays, const NetworkType& type, const std::string& where) {
    std::unique_ptr<RestorationNetwork> network = type.detect(arrays, where);
    NetworkOverrides overrides(options_);
    network->visit(overrides);
    check(where, [&] { network->validate(); });
    if (type.unused) std::erase_if(arrays.arrays, [&](const auto& entry) { return type.unused(entry.first); });
    take(arrays, network->weights(), "restorer.", where);
    model_.config.restorer = std::move(network);
  }

  // Validates a configuration before it determines any size.
  template <class Validate>
  static void check(const std::string& where, const Validate& validate) {
    try {
      validate();
    } catch (const FormatError& error) {
      throw WeightsError(cat(where, ": ", error.what()));
    }
  }

  void take(NamedArrays& arrays, const std::vector<WeightSpec>& specs, const std::string& prefix,
            const std::string& where) {
    for (const WeightSpec& spec : specs) {  // model files store scalars as vectors of length 1
      const auto it = arrays.arrays.find(spec.name);
      if (it != arrays.arrays.end() && it->second.shape.empty()) it->second.shape = {1};
    }
    check_tensors(specs, arrays, where);
    for (const WeightSpec& spec : specs)
      model_.arrays.arrays[prefix + spec.name] =
          stored(arrays.at(spec.name), options_.half, cat(where, ": tensor ", spec.name));
  }

  void fit_together() const {
    const ModelConfig& config = model_.config;
    if (!config.restorer) return;
    const ContextDims dims = config.restorer->context_dims();
    if (dims.content == 0 && dims.degradation == 0) return;
    if (!config.clip)
      throw UsageError(cat(restorer_file_.string(), " needs DA-CLIP's embeddings: pass DA-CLIP's file too"));
    for (const int length : {dims.content, dims.degradation})
      if (length != 0 && length != config.clip->embedding)
        throw UsageError(cat(restorer_file_.string(), " takes embeddings of ", length, " values, but those of ",
                             clip_file_.string(), " have ", config.clip->embedding));
  }

  void find_vocabulary(std::span<const fs::path> files) {
    fs::path path = options_.vocabulary;
    for (const fs::path& file : files)
      if (path.empty() && fs::is_regular_file(file.parent_path() / kVocabularyName))
        path = file.parent_path() / kVocabularyName;
    if (path.empty()) {
      model_.notes.push_back(
          cat("no vocabulary: the model supports its labels, but prompts and captions need --vocab ", kVocabularyName));
      return;
    }
    tokenizer_ = Tokenizer::load(path);
    const int expected = model_.config.clip->text.vocab;
    if (tokenizer_->vocab() != expected)
      throw WeightsError(cat(path.string(), ": the vocabulary has ", tokenizer_->vocab(),
                             " tokens, expected the text tower's ", expected));
    model_.notes.push_back(cat("vocabulary: ", path.string(), ", ", tokenizer_->vocab(), " tokens"));
    const std::vector<int32_t> merges = tokenizer_->merges();
    model_.config.merges = int(merges.size() / 2);
    NamedArray array;
    array.type = ArrayType::i32;
    array.shape = {model_.config.merges, 2};
    const auto* bytes = reinterpret_cast<const uint8_t*>(merges.data());
    const SharedBytes shared = share({bytes, bytes + merges.size() * sizeof(int32_t)});
    array.bytes = shared.bytes;
    array.owner = shared.owner;
    model_.arrays.arrays["tokenizer.merges"] = std::move(array);
  }

  // Embeds the ten published label names without a prompt template, as in the published controller's training.
  void embed_labels() {
    const ClipConfig& clip = *model_.config.clip;
    constexpr int kLongestLabel = 6;  // in tokens, with start and end
    if (!tokenizer_ && (clip.text.vocab != kClipVocabulary || clip.text.context < kLongestLabel))
      throw UsageError(cat(clip_file_.string(), ": the text tower has ", clip.text.vocab, " tokens, not CLIP's ",
                           kClipVocabulary, ": pass its vocabulary with --vocab"));
    std::vector<int64_t> ids;
    for (const PublishedLabel& label : published_labels()) {
      const std::vector<int64_t> row =
          tokenizer_ ? tokenizer_->tokenize(label.name, clip.text.context) : label_tokens(label, clip.text.context);
      ids.insert(ids.end(), row.begin(), row.end());
      model_.config.labels.emplace_back(label.name);
    }
    Weights weights;
    for (const auto& [name, array] : model_.arrays.arrays)
      if (name.starts_with("daclip.clip.") && !name.starts_with("daclip.clip.visual."))
        weights.emplace(name, backend_.weight(array.to_floats(), array.shape));
    const Tensor embedded = encode_text(backend_, clip, Scope(weights, "daclip.clip."), ids);
    model_.arrays.arrays["labels"] = make_array(backend_.to_floats(backend_.normalize(embedded)),
                                                {int64_t(published_labels().size()), clip.embedding});
  }

  Backend& backend_;
  ImportOptions options_;
  ConfigFacts facts_;
  bool entry_found_ = false;
  ImportedModel model_;
  fs::path clip_file_, restorer_file_;
  std::optional<Tokenizer> tokenizer_;
};

}  // namespace

ImportedModel import_model(Backend& backend, std::span<const fs::path> files, const ImportOptions& options) {
  return Import(backend, options).run(files);
}

}  // namespace daclip
