#include "pipeline/model.h"

#include <algorithm>
#include <cmath>

#include "weights/safetensors.h"

namespace daclip {
namespace {

struct Expected {
  std::string name;
  Shape shape;
};

std::vector<Expected> expected_tensors(const ModelConfig& config) {
  std::vector<Expected> expected;
  expected.push_back({"labels", {int64_t(config.labels.size()), config.clip.embedding}});
  for (const WeightSpec& spec : daclip_weights(config.clip, true, false))
    expected.push_back({"daclip." + spec.name, spec.shape});
  if (config.restorer)
    for (const WeightSpec& spec : nafnet_weights(*config.restorer))
      expected.push_back({"restorer." + spec.name, spec.shape});
  return expected;
}

// "3 missing (a, b, c)", at most eight of them by name.
std::string listed(const std::vector<std::string>& names, const char* what) {
  constexpr size_t kShown = 8;
  std::string text = cat(names.size(), " ", what, " (");
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > kShown) text += cat(" and ", names.size() - kShown, " more");
  return text + ")";
}

void check_tensors(const ModelFile& file) {
  std::vector<std::string> missing, unexpected, mismatched;
  const std::vector<Expected> expected = expected_tensors(file.config);
  std::map<std::string_view, bool> known;
  for (const Expected& e : expected) {
    known[e.name] = true;
    const auto it = file.arrays.arrays.find(e.name);
    if (it == file.arrays.arrays.end())
      missing.push_back(e.name);
    else if (it->second.shape != e.shape)
      mismatched.push_back(cat(e.name, " is ", to_string(it->second.shape), ", expected ", to_string(e.shape)));
  }
  for (const auto& [name, array] : file.arrays.arrays)
    if (!known.contains(name)) unexpected.push_back(name);
  std::string problems;
  const auto add = [&](const std::vector<std::string>& names, const char* what) {
    if (!names.empty()) problems += (problems.empty() ? "" : "; ") + listed(names, what);
  };
  add(missing, "missing");
  add(unexpected, "unexpected");
  add(mismatched, "mismatched");
  if (!problems.empty())
    throw WeightsError(cat(file.path.string(), ": tensors do not fit the configuration: ", problems));
}

void check_config(const ModelConfig& config) {
  if (config.labels.empty()) throw FormatError("model configuration: labels is empty");
  if (!std::isfinite(config.logit_scale)) throw FormatError("model configuration: logit_scale is not a number");
  if (!config.restorer) return;
  for (const int dim : {config.restorer->degradation_dim, config.restorer->content_dim})
    if (dim != 0 && dim != config.clip.embedding)
      throw FormatError(cat("model configuration: the restorer's contexts are ", dim, " long, the embedding ",
                            config.clip.embedding));
}

}  // namespace

int64_t ModelFile::parameters(std::string_view prefix) const {
  int64_t count = 0;
  for (const auto& [name, array] : arrays.arrays)
    if (name.starts_with(prefix)) count += int64_t(array.numel());
  return count;
}

ModelFile read_model_file(const std::filesystem::path& path) {
  ModelFile file;
  file.path = path;
  file.arrays = read_safetensors(path);
  if (file.arrays.metadata.empty())
    throw FormatError(cat(path.string(), ": holds no daclip configuration, expected a model made by daclip"));
  try {
    file.config = model_config_from_json(file.arrays.metadata);
    check_config(file.config);
  } catch (const FormatError& error) {
    throw FormatError(cat(path.string(), ": ", error.what()));
  }
  check_tensors(file);
  return file;
}

std::span<const float> Model::label_embedding(int index) const {
  const size_t n = size_t(config.clip.embedding);
  return std::span(labels).subspan(size_t(index) * n, n);
}

int Model::label_index(std::string_view name) const {
  const auto it = std::find(config.labels.begin(), config.labels.end(), name);
  return it == config.labels.end() ? -1 : int(it - config.labels.begin());
}

Model load_model(Backend& backend, const ModelFile& file) {
  Model model;
  model.config = file.config;
  for (const auto& [name, array] : file.arrays.arrays) {
    std::vector<float> values = array.to_floats();
    for (const float v : values)
      if (!std::isfinite(v)) throw WeightsError(cat(file.path.string(), ": tensor ", name, " holds NaN or infinity"));
    if (name == "labels")
      model.labels = std::move(values);
    else
      model.weights.emplace(name, backend.weight(values, array.shape));
  }
  const size_t n = size_t(model.config.clip.embedding);
  for (size_t row = 0; row < model.config.labels.size(); ++row) {  // half precision has left lengths of 1 +- 0.0005
    float* values = model.labels.data() + row * n;
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += double(values[i]) * values[i];
    if (sum <= 0)
      throw WeightsError(cat(file.path.string(), ": the embedding of label ", model.config.labels[row], " is zero"));
    for (size_t i = 0; i < n; ++i) values[i] = float(values[i] / std::sqrt(sum));
  }
  return model;
}

}  // namespace daclip
