// What is evaluated: a model run as `daclip restore` runs it, or pictures that any method made.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "data/test_set.h"
#include "pipeline/restore_pipeline.h"

namespace daclip {

struct MethodOutput {
  std::optional<Image> image;                   // absent: this method only recognises
  std::string predicted;                        // the most probable label; empty: it recognises nothing
  double confidence = 0;                        // its probability
  std::map<std::string, double> probabilities;  // of every label
  bool untouched = false, unsure = false;       // see RestoreResult
};

struct Method {
  std::string name;      // in results; unique among those of an evaluation
  std::string identity;  // what its values depend on, in one line
  bool network = true;   // false: it only reads pictures
  // Image `index` of a set, `lq` being its input, 8 bit RGB.
  std::function<MethodOutput(const TestSet& set, size_t index, const Image& lq, const ProgressFraction& progress)> run;
};

// Restores, or only recognises where the model has no restoration network. Backend and model are kept by reference.
// Throws UsageError where the model can do neither.
Method model_method(std::string name, std::string identity, Backend& backend, const LoadedModel& model,
                    const RestoreOptions& options);

// Looks for <folder>/<set>/<image>.*, then <folder>/<degradation>/<image>.*, where only one of `sets` has that degradation,
// then, if there is only one set, <folder>/<image>.*. Throws IoError where the folder cannot be read. `run` throws IoError
// where there is no picture for an image, or several.
Method folder_method(std::string name, const std::filesystem::path& folder, const std::vector<TestSet>& sets);

// The set's labels joined by '+', as in "rainy+hazy"; empty where they are not known.
std::string degradation_of(const TestSet& set);

}  // namespace daclip
