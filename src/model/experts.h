// Experts: networks of other model files that repair some kinds of damage in place of a model's own network.
//
// A table of experts is a small TOML file, experts.toml, that is loaded like a model:
//
//   base = "compact"            # recognises the damage, and repairs what has no expert
//   [experts]
//   rainy = "maxim-deraining"   # a label of the base, and the model whose network repairs it
//   hazy = ["indoor", "outdoor"]  # or several, of which the best result is taken
//
// Models are files or folders beside the table's own folder, or names as --model takes them.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "model/model.h"

namespace daclip {

// Whether a path is a table of experts, by its ending.
bool is_expert_table(const std::filesystem::path& path);

// The base's file with the experts' files in ModelFile::experts, under the name of the table's folder. Throws
// IoError, FormatError for a malformed table and for an expert that restores nothing, takes embeddings or belongs to no
// label of the base, and the errors of read_model_file.
ModelFile read_expert_table(const std::filesystem::path& path);

// An expert's network, whose weights are loaded when they are first needed.
class Expert {
 public:
  explicit Expert(std::shared_ptr<const ModelFile> file) : file_(std::move(file)) {}

  const std::string& name() const { return file_->config.name; }
  const RestorationNetwork& network() const { return *file_->config.restorer; }
  // "restorer.*", for this backend and others of the same kind and precision. Safe on several threads. Throws
  // WeightsError naming a tensor that holds NaN or infinity.
  const Weights& weights(Backend& backend) const;

 private:
  std::shared_ptr<const ModelFile> file_;
  mutable std::mutex mutex_;
  mutable Weights weights_;
};

}  // namespace daclip
