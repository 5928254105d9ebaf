// Converts published checkpoints to one model file with weights, labels, vocabulary and configuration.
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

// Settings that tensor shapes do not determine. Absent ones come from `configs`, else from the published models, whose
// values the comments give.
struct ImportOptions {
  std::string name = "imported";
  bool half = false;  // store matrices as float16 if their values fit, else as bfloat16; vectors stay as they are
  std::string entry;  // of the checkpoints that have it; see read_state_dict()
  std::filesystem::path vocabulary;  // bpe_simple_vocab_16e6.txt.gz; empty: searched for beside the checkpoints
  std::vector<std::filesystem::path> configs;  // JSON: open_clip's model configuration, "sde"; see formats.md
  std::optional<bool> quick_gelu;              // exact GELU; OpenAI's own files: QuickGELU
  std::optional<ControlOrder> control_order;   // reversed
  std::optional<int> head_width;               // 64, of the image tower
  std::optional<int> text_heads;               // the text tower's width / 64
  std::optional<double> max_sigma, eps;        // 50 (255ths), 0.005
  std::optional<int> timesteps;                // T = 100
  std::optional<ThetaSchedule> schedule;       // cosine
};

struct ImportedModel {
  ModelConfig config;
  NamedArrays arrays;              // contents of the model file, including labels and metadata
  std::vector<std::string> notes;  // what was found and what the model cannot do, one line each
};

// files: at most one with CLIP or DA-CLIP, and at most one with a restoration network. The backend embeds the labels
// with the text tower. Throws the errors of read_state_dict; WeightsError listing all missing, unexpected and
// mismatched tensors; UsageError for files that do not fit together.
ImportedModel import_model(Backend& backend, std::span<const std::filesystem::path> files,
                           const ImportOptions& options);

}  // namespace daclip
