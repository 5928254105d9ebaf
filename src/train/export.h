// From training checkpoints to the model file that daclip reads (model/model_config.h).
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "weights/named_arrays.h"

namespace daclip {

struct ExportOptions {
  std::filesystem::path daclip;  // checkpoint of the controller stage, or a model file
  // A checkpoint or model file whose controller was trained further into `daclip`'s. Both are averaged, which keeps
  // most of what either learned (WiSE-FT, Wortsman et al. 2022). Empty: none.
  std::filesystem::path earlier;
  double earlier_share = 0.5;    // its fraction of the average, 0 to 1
  std::filesystem::path damage;  // checkpoint of the damage stage; empty: none
  // Added to the log odds of kinds of damage, by label: how much likelier they are in use than in training, or how much
  // less evidence they need.
  std::map<std::string, double> damage_bias;
  double controller_weight = 0;       // DamageConfig::controller_weight
  std::filesystem::path instruction;  // checkpoint of the instruction stage; empty: none
  std::filesystem::path
      restorer;  // checkpoint of the restorer stage, or a model file; empty: a model that only recognises
  std::string name = "compact";
  double clean_prior = 1;  // how many times likelier a good photo is in use than in training
  ArrayType type = ArrayType::f16;
};

// The model file's tensors (EMA weights: "labels", "daclip.*", "damage.*", "instruction.*", "restorer.*"; no text
// tower) and metadata. Throws IoError, FormatError, UsageError (another stage's checkpoint, a bias of no kind, an
// earlier one of other labels), WeightsError (missing tensors, an earlier one's of another shape, or values that `type`
// cannot hold).
NamedArrays export_model(const ExportOptions& options);

}  // namespace daclip
