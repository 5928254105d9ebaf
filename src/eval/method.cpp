#include "eval/method.h"

#include <memory>

#include "core/error.h"
#include "data/tables.h"
#include "image/io.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

// The pictures below a folder by location, "set/image" or "image" without ending.
using PictureIndex = std::map<std::string, std::vector<fs::path>>;

PictureIndex index_pictures(const fs::path& folder) {
  PictureIndex index;
  std::error_code error;
  const auto options = fs::directory_options::follow_directory_symlink | fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator it(folder, options, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it.depth() >= 1) it.disable_recursion_pending();
    if (has_readable_name(it->path()))
      index[it->path().lexically_relative(folder).replace_extension().string()].push_back(it->path());
  }
  if (error) throw IoError(cat(folder.string(), ": cannot be read: ", error.message()));
  return index;
}

void set_recognition(const Recognition& recognition, MethodOutput& output) {
  for (const Prediction& p : recognition.predictions) output.probabilities[p.label] = double(p.probability);
  output.predicted = recognition.predictions.front().label;
  output.confidence = double(recognition.predictions.front().probability);
  output.unsure = recognition.unsure;
}

// Good photos have nothing to be told; their network sees the label all the same.
RestoreOptions told_labels(RestoreOptions options, const TestSet& set) {
  if (set.labels.size() == 1) options.degradation = kLabels[size_t(set.labels.front())];
  if (set.labels.size() < 2) return options;
  Instruction& instruction = options.instruction.emplace();
  for (const int label : set.labels) instruction.repairs.push_back({std::string(kLabels[size_t(label)]), 1});
  return options;
}

}  // namespace

std::string degradation_of(const TestSet& set) { return join_labels(set.labels, '+'); }

Method model_method(std::string name, std::string identity, Backend& backend, const LoadedModel& model,
                    const RestoreOptions& options, bool told) {
  Method method{std::move(name), std::move(identity), true, {}};
  if (!model.config.restorer) {
    const auto recogniser = std::make_shared<Recogniser>(backend, model);
    method.run = [recogniser](const TestSet&, size_t, const Image& lq, const ProgressFraction&) {
      MethodOutput output;
      set_recognition(recogniser->recognise(lq), output);
      return output;
    };
    return method;
  }
  const auto pipeline = std::make_shared<RestorePipeline>(backend, model);
  method.run = [pipeline, &model, options, told](const TestSet& set, size_t, const Image& lq,
                                                 const ProgressFraction& progress) {
    RestoreResult result = pipeline->restore(lq, told ? told_labels(options, set) : options, progress);
    MethodOutput output;
    if (model.config.clip) set_recognition(result.recognition, output);
    output.untouched = result.untouched;
    output.image = std::move(result.image);
    return output;
  };
  return method;
}

Method folder_method(std::string name, const fs::path& folder, const std::vector<TestSet>& sets) {
  std::map<std::string, int> sets_with;
  for (const TestSet& set : sets) ++sets_with[degradation_of(set)];
  Method method{std::move(name), "pictures of " + fs::absolute(folder).lexically_normal().string(), false, {}};
  method.run = [folder, sets_with, index = index_pictures(folder), only_set = sets.size() == 1](
                   const TestSet& set, size_t at, const Image&, const ProgressFraction&) {
    const std::string& image = set.images[at].name;
    const std::string degradation = degradation_of(set);
    std::vector<std::string> places = {set.name + "/" + image};
    if (!degradation.empty() && sets_with.at(degradation) == 1) places.push_back(degradation + "/" + image);
    if (only_set) places.push_back(image);
    for (const std::string& place : places) {
      const auto found = index.find(place);
      if (found == index.end()) continue;
      if (found->second.size() > 1)
        throw IoError(
            cat(found->second[1].string(), ": conflicts with a picture of the same name, ", found->second[0].string()));
      MethodOutput output;
      output.image = read_image(found->second[0]);
      return output;
    }
    throw IoError(cat((folder / places[0]).string(), ".*: picture not found"));
  };
  return method;
}

}  // namespace daclip
