#include "train/checkpoint.h"

#include "core/error.h"
#include "weights/safetensors.h"

namespace daclip {
namespace fs = std::filesystem;

Checkpoint read_checkpoint(const fs::path& path, const std::string& stage) {
  Checkpoint checkpoint;
  checkpoint.arrays = read_safetensors(path);
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
