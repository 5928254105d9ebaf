#include "model/model.h"

#include <algorithm>
#include <cmath>

#include "nets/weight_check.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

std::vector<WeightSpec> expected_tensors(const ModelConfig& config) {
  std::vector<WeightSpec> expected;
  if (config.clip) {
    expected.push_back({"labels", {int64_t(config.labels.size()), config.clip->embedding}});
    for (WeightSpec& spec : clip_weights(config)) expected.push_back({"daclip." + spec.name, std::move(spec.shape)});
    if (config.merges > 0) expected.push_back({"tokenizer.merges", {config.merges, 2}});
  }
  for (WeightSpec& spec : restorer_weights(config))
    expected.push_back({"restorer." + spec.name, std::move(spec.shape)});
  return expected;
}

void check_config(const ModelConfig& config) {
  const auto require = [](bool condition, const char* what) {
    if (!condition) throw FormatError(cat("model configuration: ", what));
  };
  require(config.clip || config.restorer || config.unet, "neither clip nor restorer is there");
  require(!config.clip || !config.labels.empty(), "labels is empty");
  require(config.clip || config.labels.empty(), "labels without clip");
  require(std::isfinite(config.logit_scale), "logit_scale is not a number");
  std::vector<int> contexts;
  if (config.restorer) contexts = {config.restorer->degradation_dim, config.restorer->content_dim};
  if (config.unet) contexts = {config.unet->degradation_dim, config.unet->content_dim};
  const int embedding = config.clip ? config.clip->embedding : 0;
  for (const int dim : contexts)
    if (dim != 0 && dim != embedding)
      throw FormatError(
          cat("model configuration: the restorer's contexts are ", dim, " long, the embedding ", embedding));
}

}  // namespace

std::vector<WeightSpec> clip_weights(const ModelConfig& config) {
  std::vector<WeightSpec> specs = daclip_weights(*config.clip, config.controller, config.text_tower);
  // The temperature of the controller's training, beside CLIP's own.
  if (!config.controller) std::erase_if(specs, [](const WeightSpec& spec) { return spec.name == "logit_scale"; });
  return specs;
}

std::vector<WeightSpec> restorer_weights(const ModelConfig& config) {
  if (config.restorer) return nafnet_weights(*config.restorer);
  if (config.unet) return unet_weights(*config.unet);
  return {};
}

int64_t ModelFile::parameters(std::string_view prefix) const {
  int64_t count = 0;
  for (const auto& [name, array] : arrays.arrays)
    if (name.starts_with(prefix) && name != "tokenizer.merges") count += int64_t(array.numel());
  return count;
}

int64_t ModelFile::parameters_of_layers() const {
  int64_t count = 0;
  for (const auto& [name, array] : arrays.arrays) {
    if (!name.starts_with("daclip.clip.visual.") && !name.starts_with("daclip.visual_control.")) continue;
    const bool bare = name.ends_with("_embedding") || name.ends_with(".proj");
    if (!bare && name.find(".attn.") == std::string::npos) count += int64_t(array.numel());
  }
  return count;
}

ModelFile read_model_file(const std::filesystem::path& path) {
  ModelFile file;
  file.path = path;
  file.arrays = read_safetensors(path);
  if (file.arrays.metadata.empty())
    throw FormatError(cat(path.string(), ": holds no daclip configuration, expected a model made by daclip"));
  try {
    file.config = model_config_from_json(file.arrays.metadata);
    check_config(file.config);
  } catch (const FormatError& error) {
    throw FormatError(cat(path.string(), ": ", error.what()));
  }
  check_tensors(expected_tensors(file.config), file.arrays, path.string());
  if (file.config.merges > 0 && file.arrays.at("tokenizer.merges").type != ArrayType::i32)
    throw WeightsError(cat(path.string(), ": tokenizer.merges must hold 32-bit integers"));
  return file;
}

std::span<const float> Model::label_embedding(int index) const {
  const size_t n = size_t(config.clip->embedding);
  return std::span(labels).subspan(size_t(index) * n, n);
}

int Model::label_index(std::string_view name) const {
  const auto it = std::find(config.labels.begin(), config.labels.end(), name);
  return it == config.labels.end() ? -1 : int(it - config.labels.begin());
}

namespace {

bool of_text_tower(std::string_view name) {
  return name.starts_with("daclip.clip.") && !name.starts_with("daclip.clip.visual.");
}

// Half precision has left lengths of 1 +- 0.0005.
void normalise_labels(Model& model, const std::filesystem::path& path) {
  const size_t n = size_t(model.config.clip->embedding);
  for (size_t row = 0; row < model.config.labels.size(); ++row) {
    float* values = model.labels.data() + row * n;
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += double(values[i]) * values[i];
    if (sum <= 0)
      throw WeightsError(cat(path.string(), ": the embedding of label ", model.config.labels[row], " is zero"));
    for (size_t i = 0; i < n; ++i) values[i] = float(values[i] / std::sqrt(sum));
  }
}

}  // namespace

Model load_model(Backend& backend, const ModelFile& file, bool text_tower) {
  Model model;
  model.config = file.config;
  for (const auto& [name, array] : file.arrays.arrays) {
    if (name == "tokenizer.merges") {
      if (text_tower)
        for (const int64_t id : array.to_ints()) model.merges.push_back(int32_t(id));
      continue;
    }
    if (!text_tower && of_text_tower(name)) continue;
    std::vector<float> values = array.to_floats();
    for (const float v : values)
      if (!std::isfinite(v)) throw WeightsError(cat(file.path.string(), ": tensor ", name, " holds NaN or infinity"));
    if (name == "labels")
      model.labels = std::move(values);
    else
      model.weights.emplace(name, backend.weight(values, array.shape));
  }
  if (model.config.clip) normalise_labels(model, file.path);
  return model;
}

}  // namespace daclip
