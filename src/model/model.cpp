#include "model/model.h"

#include <algorithm>
#include <cmath>

#include "model/experts.h"
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
  if (config.damage)
    for (WeightSpec& spec : damage_weights(*config.damage))
      expected.push_back({"damage." + spec.name, std::move(spec.shape)});
  if (config.instruction)
    for (WeightSpec& spec : instruction_weights(*config.instruction))
      expected.push_back({"instruction." + spec.name, std::move(spec.shape)});
  for (WeightSpec& spec : restorer_weights(config))
    expected.push_back({"restorer." + spec.name, std::move(spec.shape)});
  return expected;
}

}  // namespace

std::vector<WeightSpec> clip_weights(const ModelConfig& config) {
  std::vector<WeightSpec> specs = daclip_weights(*config.clip, config.controller, config.text_tower);
  // Only the controller's training uses this temperature; CLIP has its own.
  if (!config.controller) std::erase_if(specs, [](const WeightSpec& spec) { return spec.name == "logit_scale"; });
  return specs;
}

std::vector<WeightSpec> restorer_weights(const ModelConfig& config) {
  return config.restorer ? config.restorer->weights() : std::vector<WeightSpec>();
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

namespace {

ModelFile checked(const std::filesystem::path& path, NamedArrays arrays) {
  ModelFile file;
  file.path = path;
  file.arrays = std::move(arrays);
  if (file.arrays.metadata.empty())
    throw FormatError(cat(path.string(), ": holds no daclip configuration, expected a model file of daclip"));
  try {
    file.config = model_config_from_json(file.arrays.metadata);
  } catch (const FormatError& error) {
    throw FormatError(cat(path.string(), ": ", error.what()));
  }
  check_tensors(expected_tensors(file.config), file.arrays, path.string());
  if (file.config.merges > 0 && file.arrays.at("tokenizer.merges").type != ArrayType::i32)
    throw WeightsError(cat(path.string(), ": tokenizer.merges: expected 32-bit integers"));
  return file;
}

}  // namespace

ModelFile read_model_file(const std::filesystem::path& path) {
  return is_expert_table(path) ? read_expert_table(path) : checked(path, read_safetensors(path));
}

ModelFile read_model_bytes(std::vector<uint8_t> bytes, const std::string& name) {
  return checked(name, parse_safetensors(share(std::move(bytes)), name));
}

std::span<const float> LoadedModel::label_embedding(int index) const {
  const size_t n = size_t(config.clip->embedding);
  return std::span(label_embeddings).subspan(size_t(index) * n, n);
}

int LoadedModel::label_index(std::string_view name) const {
  const auto it = std::find(config.labels.begin(), config.labels.end(), name);
  return it == config.labels.end() ? -1 : int(it - config.labels.begin());
}

namespace {

bool of_text_tower(std::string_view name) {
  return name.starts_with("daclip.clip.") && !name.starts_with("daclip.clip.visual.");
}

// Embeddings stored in half precision have lengths of 1 +- 0.0005.
void normalise_labels(LoadedModel& model, const std::filesystem::path& path) {
  const size_t n = size_t(model.config.clip->embedding);
  for (size_t row = 0; row < model.config.labels.size(); ++row) {
    float* values = model.label_embeddings.data() + row * n;
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += double(values[i]) * values[i];
    if (sum <= 0)
      throw WeightsError(cat(path.string(), ": the embedding of label ", model.config.labels[row], " is zero"));
    for (size_t i = 0; i < n; ++i) values[i] = float(values[i] / std::sqrt(sum));
  }
}

std::vector<float> finite_values(const ModelFile& file, const std::string& name, const NamedArray& array) {
  std::vector<float> values = array.to_floats();
  for (const float v : values)
    if (!std::isfinite(v)) throw WeightsError(cat(file.path.string(), ": tensor ", name, " holds NaN or infinity"));
  return values;
}

}  // namespace

Weights load_weights(Backend& backend, const ModelFile& file, std::string_view prefix) {
  Weights weights;
  for (const auto& [name, array] : file.arrays.arrays)
    if (name.starts_with(prefix)) weights.emplace(name, backend.weight(finite_values(file, name, array), array.shape));
  return weights;
}

LoadedModel load_model(Backend& backend, const ModelFile& file, bool text_tower) {
  LoadedModel model;
  model.config = file.config;
  for (const auto& [name, array] : file.arrays.arrays) {
    if (name == "tokenizer.merges") {
      if (text_tower)
        for (const int64_t id : array.to_ints()) model.merges.push_back(int32_t(id));
      continue;
    }
    if (!text_tower && of_text_tower(name)) continue;
    std::vector<float> values = finite_values(file, name, array);
    if (name == "labels")
      model.label_embeddings = std::move(values);
    else
      model.weights.emplace(name, backend.weight(values, array.shape));
  }
  if (model.config.clip) normalise_labels(model, file.path);
  for (const auto& [label, expert] : file.experts) model.experts[label].push_back(std::make_shared<Expert>(expert));
  return model;
}

}  // namespace daclip
