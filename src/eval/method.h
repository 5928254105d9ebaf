// The evaluated methods: a model, run like `daclip restore`, or existing pictures of any origin.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "data/test_set.h"
#include "pipeline/restore_pipeline.h"

namespace daclip {

struct MethodOutput {
  std::optional<Image> image;                   // absent if this method only classifies
  std::string predicted;                        // the most probable label; empty if there is no classification
  double confidence = 0;                        // its probability
  std::map<std::string, double> probabilities;  // of all labels
  bool untouched = false, unsure = false;       // see RestoreResult
};

struct Method {
  std::string name;      // in results; unique within an evaluation
  std::string identity;  // one line with everything that its values depend on
  bool network = true;   // false: only reads pictures
  // Processes image `index` of a set; `lq` is its input, 8-bit RGB.
  std::function<MethodOutput(const TestSet& set, size_t index, const Image& lq, const ProgressFraction& progress)> run;
};

// Restores, or only classifies if the model has no restoration network. `told`: repairs each set's labels in place of
// what it recognises. Keeps references to backend and model. Throws UsageError if the model can do neither; `run`
// throws it for a set of several labels if the model is not steered by labels.
Method model_method(std::string name, std::string identity, Backend& backend, const LoadedModel& model,
                    const RestoreOptions& options, bool told = false);

// Searches <folder>/<set>/<image>.*, then <folder>/<degradation>/<image>.* (if only one of `sets` has that
// degradation), then <folder>/<image>.* (if there is only one set). Throws IoError if the folder cannot be read. `run`
// throws IoError if there is no picture for an image, or more than one.
Method folder_method(std::string name, const std::filesystem::path& folder, const std::vector<TestSet>& sets);

// The set's labels joined by '+', such as "rainy+hazy"; empty if they are unknown.
std::string degradation_of(const TestSet& set);

}  // namespace daclip
