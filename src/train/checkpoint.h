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
// returned in the form of a checkpoint: weights as ema.*, labels as frozen.labels, BPE merges, if any, as
// tokenizer.merges, no words. Its stage is "clip" if it has no controller. Throws as above.
Checkpoint read_daclip(const std::filesystem::path& path, const std::string& stage);

// A trained restorer: a checkpoint of the restorer or diffusion stage, or a model file, in the form of a checkpoint as
// above. Throws as above, and UsageError for a model without one.
Checkpoint read_restorer(const std::filesystem::path& path);

// The restoration network's tensors under their own names, of such a file or of a published checkpoint
// (weights/state_dict.h); of a model file with DA-CLIP also "labels". Throws as above.
NamedArrays read_restorer_weights(const std::filesystem::path& path);

// The labels of a DA-CLIP, in the order of its embeddings: all eleven, or those that the model file names.
std::vector<std::string> labels_of(const Checkpoint& daclip);

// Throws UsageError unless they are the ten kinds of damage in the order of core/labels.h, or these and "clean".
void check_labels(const std::vector<std::string>& labels, const std::string& where);

// Writes folder/latest.safetensors atomically; what was latest before becomes previous.safetensors.
void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

}  // namespace daclip
