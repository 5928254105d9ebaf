#include "train/checkpoint.h"

#include <cmath>

#include "core/error.h"
#include "model/model.h"
#include "weights/safetensors.h"

namespace daclip {
namespace fs = std::filesystem;

namespace {

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
  if (!arrays.has("labels")) return checkpoint_of(std::move(arrays), path, stage);
  ModelFile model = read_model_file(path);
  Checkpoint checkpoint;
  checkpoint.stage = "controller";
  checkpoint.config.clip = *model.config.clip;
  checkpoint.config.preprocess = model.config.preprocess;
  constexpr std::string_view kPrefix = "daclip.";
  for (auto& [name, array] : model.arrays.arrays)
    if (name.starts_with(kPrefix)) checkpoint.arrays.arrays["ema." + name.substr(kPrefix.size())] = std::move(array);
  checkpoint.arrays.arrays["ema.logit_scale"] = make_array(std::vector<float>{std::log(model.config.logit_scale)}, {1});
  checkpoint.arrays.arrays["frozen.labels"] = std::move(model.arrays.arrays.at("labels"));
  return checkpoint;
}

Checkpoint read_restorer(const fs::path& path) {
  NamedArrays arrays = read_safetensors(path);
  if (!arrays.has("labels")) return checkpoint_of(std::move(arrays), path, "restorer");
  ModelFile model = read_model_file(path);
  if (!model.config.restorer) throw UsageError(cat(path.string(), ": holds no restoration network"));
  Checkpoint checkpoint;
  checkpoint.stage = "restorer";
  checkpoint.config.restorer = model.config.restorer;
  checkpoint.config.loss.steering = model.config.label_steering ? "labels" : "embedding";
  checkpoint.metadata["steered"] = model.config.restorer->context_dims().degradation > 0;
  constexpr std::string_view kPrefix = "restorer.";
  for (auto& [name, array] : model.arrays.arrays)
    if (name.starts_with(kPrefix)) checkpoint.arrays.arrays["ema." + name.substr(kPrefix.size())] = std::move(array);
  return checkpoint;
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
