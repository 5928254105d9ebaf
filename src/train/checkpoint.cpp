#include "train/checkpoint.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/labels.h"
#include "model/model.h"
#include "weights/safetensors.h"
#include "weights/state_dict.h"

namespace daclip {
namespace fs = std::filesystem;

namespace {

// The metadata have this entry.
bool has_entry(const NamedArrays& arrays, const char* name) {
  const nlohmann::json metadata = nlohmann::json::parse(arrays.metadata, nullptr, /*allow_exceptions=*/false);
  return metadata.is_object() && metadata.contains(name);
}

bool is_model(const NamedArrays& arrays) { return has_entry(arrays, "format"); }

Checkpoint checkpoint_of(NamedArrays arrays, const fs::path& path, const std::string& stage) {
  Checkpoint checkpoint;
  checkpoint.arrays = std::move(arrays);
  try {
    checkpoint.metadata = nlohmann::json::parse(checkpoint.arrays.metadata);
    checkpoint.stage = checkpoint.metadata.at("stage").get<std::string>();
    checkpoint.step = checkpoint.metadata.at("step").get<int64_t>();
    checkpoint.config = train_config_from_json(checkpoint.metadata.at("config").dump());
  } catch (const nlohmann::json::exception&) {
    throw FormatError(cat(path.string(), ": no training checkpoint (its metadata lack stage, step or config)"));
  }
  if (!stage.empty() && checkpoint.stage != stage)
    throw UsageError(cat(path.string(), ": a checkpoint of stage ", checkpoint.stage, ", expected ", stage));
  return checkpoint;
}

}  // namespace

Checkpoint read_checkpoint(const fs::path& path, const std::string& stage) {
  return checkpoint_of(read_safetensors(path), path, stage);
}

Checkpoint read_daclip(const fs::path& path, const std::string& stage) {
  NamedArrays arrays = read_safetensors(path);
  if (!is_model(arrays)) return checkpoint_of(std::move(arrays), path, stage);
  ModelFile model = read_model_file(path);
  if (!model.config.clip) throw UsageError(cat(path.string(), ": holds no CLIP"));
  if (stage == "controller" && !model.config.controller)
    throw UsageError(cat(path.string(), ": holds CLIP without a controller, expected a DA-CLIP"));
  Checkpoint checkpoint;
  checkpoint.stage = model.config.controller ? "controller" : "clip";
  checkpoint.metadata["labels"] = model.config.labels;
  checkpoint.config.clip = *model.config.clip;
  checkpoint.config.preprocess = model.config.preprocess;
  constexpr std::string_view kPrefix = "daclip.";
  for (auto& [name, array] : model.arrays.arrays)
    if (name.starts_with(kPrefix)) checkpoint.arrays.arrays["ema." + name.substr(kPrefix.size())] = std::move(array);
  checkpoint.arrays.arrays["ema.logit_scale"] = make_array(std::vector<float>{std::log(model.config.logit_scale)}, {1});
  if (model.config.merges > 0 && model.config.text_tower)
    checkpoint.arrays.arrays["tokenizer.merges"] = model.arrays.at("tokenizer.merges");
  checkpoint.arrays.arrays["frozen.labels"] = std::move(model.arrays.arrays.at("labels"));
  return checkpoint;
}

Checkpoint read_restorer(const fs::path& path) {
  NamedArrays arrays = read_safetensors(path);
  if (!is_model(arrays)) {
    Checkpoint checkpoint = checkpoint_of(std::move(arrays), path, "");
    if (checkpoint.stage != "restorer" && checkpoint.stage != "diffusion")
      throw UsageError(
          cat(path.string(), ": a checkpoint of stage ", checkpoint.stage, ", expected restorer or diffusion"));
    return checkpoint;
  }
  ModelFile model = read_model_file(path);
  if (!model.config.restorer) throw UsageError(cat(path.string(), ": holds no restoration network"));
  Checkpoint checkpoint;
  checkpoint.stage = "restorer";
  checkpoint.config.restorer = model.config.restorer;
  checkpoint.config.loss.steering = model.config.label_steering ? "labels" : "embedding";
  const ContextDims dims = model.config.restorer->context_dims();
  checkpoint.metadata["steered"] = dims.degradation > 0 || dims.content > 0;
  constexpr std::string_view kPrefix = "restorer.";
  for (auto& [name, array] : model.arrays.arrays)
    if (name.starts_with(kPrefix)) checkpoint.arrays.arrays["ema." + name.substr(kPrefix.size())] = std::move(array);
  return checkpoint;
}

NamedArrays read_restorer_weights(const fs::path& path) {
  NamedArrays found = path.extension() == ".safetensors" ? read_safetensors(path) : NamedArrays();
  if (!is_model(found) && !has_entry(found, "stage")) return read_state_dict(path).arrays;
  const Checkpoint checkpoint = read_restorer(path);
  NamedArrays weights;
  constexpr std::string_view kPrefix = "ema.";
  for (const auto& [name, array] : checkpoint.arrays.arrays)
    if (name.starts_with(kPrefix)) weights.arrays[name.substr(kPrefix.size())] = array;
  if (is_model(found) && found.has("labels")) weights.arrays["labels"] = found.at("labels");
  return weights;
}

std::vector<std::string> labels_of(const Checkpoint& daclip) {
  if (daclip.metadata.contains("labels")) return daclip.metadata["labels"].get<std::vector<std::string>>();
  return {kLabels.begin(), kLabels.end()};
}

void check_labels(const std::vector<std::string>& labels, const std::string& where) {
  const size_t count = labels.size();
  if ((count != kLabels.size() && count != size_t(kDegradationCount)) ||
      !std::equal(labels.begin(), labels.end(), kLabels.begin()))
    throw UsageError(cat(where, ": training needs the ten kinds of damage as labels, in their order, with or without ",
                         kCleanLabel));
}

void write_checkpoint(const fs::path& folder, const Checkpoint& checkpoint) {
  NamedArrays arrays = checkpoint.arrays;
  nlohmann::json metadata = checkpoint.metadata;
  metadata["stage"] = checkpoint.stage;
  metadata["step"] = checkpoint.step;
  metadata["config"] = nlohmann::json::parse(to_json(checkpoint.config));
  arrays.metadata = metadata.dump();
  // A second name for the old file, then an atomic replacement of the first: at no moment is there no whole checkpoint.
  std::error_code error;
  fs::create_directories(folder, error);
  const fs::path latest = folder / "latest.safetensors";
  if (fs::exists(latest)) {
    fs::remove(folder / "previous.safetensors", error);
    fs::create_hard_link(latest, folder / "previous.safetensors", error);
    if (error) fs::copy_file(latest, folder / "previous.safetensors", fs::copy_options::overwrite_existing, error);
  }
  write_safetensors(latest, arrays);
}

}  // namespace daclip
