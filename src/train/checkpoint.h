// Training checkpoints: safetensors files with weights.*, ema.*, the optimiser's state (optimizer.h), frozen.* and, as
// metadata, JSON with "stage", "step", "config" and what the stage adds.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>

#include "train/config.h"
#include "weights/named_arrays.h"

namespace daclip {

struct Checkpoint {
  NamedArrays arrays;
  std::string stage;
  int64_t step = 0;  // updates done
  TrainConfig config;
  nlohmann::json metadata;
};

// Throws IoError, FormatError; UsageError where `stage` is given and the file is another stage's.
Checkpoint read_checkpoint(const std::filesystem::path& path, const std::string& stage = "");

// A DA-CLIP to continue from or to steer by: a checkpoint of `stage` ("clip" or "controller"), or a model file,
// returned in the form of a checkpoint: weights as ema.*, labels as frozen.labels, no text tower, no words. Throws as
// above.
Checkpoint read_daclip(const std::filesystem::path& path, const std::string& stage);

// A trained restorer: a checkpoint of the restorer stage, or a model file, in the form of a checkpoint as above. Throws
// as above, and UsageError for a model without one.
Checkpoint read_restorer(const std::filesystem::path& path);

// Writes folder/latest.safetensors atomically; what was latest before becomes previous.safetensors.
void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

}  // namespace daclip
