// Published checkpoints become one model file: weights, labels, vocabulary and configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "ops/backend.h"
#include "sde/schedule.h"
#include "weights/named_arrays.h"

namespace daclip {

// What the tensors' shapes cannot tell. What is not given comes from `configs`, then from the published models.
struct ImportOptions {
  std::string name = "imported";
  bool half = false;                 // matrices in float16, where their values fit, else in bfloat16; vectors stay
  std::filesystem::path vocabulary;  // bpe_simple_vocab_16e6.txt.gz; empty: looked for beside the checkpoints
  std::vector<std::filesystem::path> configs;  // JSON: open_clip's model configuration, "sde"; see formats.md
  std::optional<bool> quick_gelu;              // published: exact GELU, but QuickGELU in OpenAI's own files
  std::optional<ControlOrder> control_order;   // reversed
  std::optional<int> head_width;               // 64, of the image tower
  std::optional<int> text_heads;               // the text tower's width / 64
  std::optional<double> max_sigma, eps;        // 50 (255ths), 0.005
  std::optional<int> timesteps;                // T = 100
  std::optional<ThetaSchedule> schedule;       // cosine
};

struct ImportedModel {
  ModelConfig config;
  NamedArrays arrays;              // ready to be written: names, labels, metadata
  std::vector<std::string> notes;  // what was found, and what the model cannot do, a line each
};

// `files`: at most one with CLIP or DA-CLIP, and at most one with a restoration network. The backend runs the text
// tower over the labels. Throws what read_state_dict throws; WeightsError with missing, unexpected and mismatched
// tensors all in one message; UsageError for files that do not fit together.
ImportedModel import_model(Backend& backend, std::span<const std::filesystem::path> files,
                           const ImportOptions& options);

}  // namespace daclip
