#include "train/export.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/labels.h"
#include "model/model_config.h"
#include "nets/clip.h"
#include "train/checkpoint.h"
#include "weights/half.h"

namespace daclip {
namespace {

NamedArray converted(const NamedArray& array, const std::string& name, ArrayType type) {
  const std::vector<float> values = array.to_floats();
  for (const float v : values)
    if (!std::isfinite(v) || (type == ArrayType::f16 && std::abs(v) > kLargestHalf))
      throw WeightsError(cat(name, ": holds ", v, ", which a model file cannot"));
  return make_array(values, array.shape, type);
}

// What was trained is in the averages, what was not beside them.
const NamedArray& final_array(const Checkpoint& checkpoint, const std::string& name) {
  const auto averaged = checkpoint.arrays.arrays.find("ema." + name);
  return averaged != checkpoint.arrays.arrays.end() ? averaged->second : checkpoint.arrays.at("frozen." + name);
}

// a (1 - share) + b share.
NamedArray averaged(const NamedArray& a, const NamedArray& b, double share, const std::string& name) {
  if (a.shape != b.shape)
    throw WeightsError(
        cat(name, ": expected shape ", to_string(a.shape), ", the earlier one's is ", to_string(b.shape)));
  std::vector<float> values = a.to_floats();
  const std::vector<float> others = b.to_floats();
  for (size_t i = 0; i < values.size(); ++i) values[i] += float(share) * (others[i] - values[i]);
  return make_array(values, a.shape, ArrayType::f32);
}

// Only a controller of the same CLIP has the same labels.
void average_into(Checkpoint& daclip, const std::filesystem::path& path, double share) {
  const Checkpoint earlier = read_daclip(path, "controller");
  const std::vector<float> now = final_array(daclip, "labels").to_floats(),
                           before = final_array(earlier, "labels").to_floats();
  for (size_t i = 0; i < now.size(); ++i)
    if (now.size() != before.size() || std::abs(now[i] - before[i]) > 1e-2f)
      throw UsageError(cat(path.string(), ": holds other labels, so it is no earlier state of this controller"));
  const std::string ema = "ema.";
  for (auto& [name, array] : daclip.arrays.arrays)
    if (name.starts_with(ema + "visual_control.")) {
      const std::string own = name.substr(ema.size());
      array = averaged(array, final_array(earlier, own), share, own);
    }
}

// A blind restorer has no parts for contexts, whatever sizes its configuration names.
std::shared_ptr<const RestorationNetwork> trained_network(const Checkpoint& checkpoint) {
  const std::shared_ptr<const RestorationNetwork>& network = checkpoint.config.restorer;
  return checkpoint.metadata.value("steered", false) ? network : with_context_dims(*network, {});
}

void add_damage_bias(const std::map<std::string, double>& bias, NamedArray& log_odds) {
  std::vector<float> values = log_odds.to_floats();
  for (const auto& [label, value] : bias) {
    const int kind = label_index(label);
    if (kind < 0 || kind == kClean) throw UsageError(cat("damage bias: ", label, " is no kind of damage"));
    values[size_t(kind)] += float(value);
  }
  log_odds = make_array(values, log_odds.shape, log_odds.type);
}

}  // namespace

NamedArrays export_model(const ExportOptions& options) {
  Checkpoint daclip = read_daclip(options.daclip, "controller");
  if (!options.earlier.empty()) average_into(daclip, options.earlier, options.earlier_share);
  ModelConfig config;
  config.name = options.name;
  config.clip = daclip.config.clip;
  config.preprocess = daclip.config.preprocess;
  config.labels = labels_of(daclip);
  config.logit_scale = std::exp(final_array(daclip, "logit_scale").to_floats().at(0));
  if (options.clean_prior != 1) {
    if (config.labels.back() != kCleanLabel)
      throw UsageError(cat(options.daclip.string(), ": --clean-prior needs a DA-CLIP with the label ", kCleanLabel));
    config.label_bias.assign(config.labels.size(), 0);
    config.label_bias[kClean] = float(std::log(options.clean_prior));
  }

  NamedArrays model;
  const auto add = [&](const Checkpoint& source, const std::string& prefix, const std::string& name) {
    model.arrays[prefix + name] = converted(final_array(source, name), prefix + name, options.type);
  };
  add(daclip, "", "labels");
  for (const WeightSpec& spec : daclip_weights(*config.clip, true, false)) add(daclip, "daclip.", spec.name);
  if (!options.damage.empty()) {
    const Checkpoint damage = read_checkpoint(options.damage, "damage");
    config.damage = damage.config.damage;
    config.damage->controller_weight = options.controller_weight;
    for (const WeightSpec& spec : damage_weights(*config.damage)) add(damage, "damage.", spec.name);
    add_damage_bias(options.damage_bias, model.arrays["damage.head.1.bias"]);
  }
  if (!options.instruction.empty()) {
    const Checkpoint instruction = read_checkpoint(options.instruction, "instruction");
    config.instruction = instruction.config.instruction;
    config.words = instruction.metadata.at("words").get<std::vector<std::string>>();
    for (const WeightSpec& spec : instruction_weights(*config.instruction)) add(instruction, "instruction.", spec.name);
  }
  if (!options.restorer.empty()) {
    const Checkpoint restorer = read_restorer(options.restorer);
    config.restorer = trained_network(restorer);
    config.label_steering =
        config.restorer->context_dims().degradation > 0 && restorer.config.loss.steering == "labels";
    for (const WeightSpec& spec : config.restorer->weights()) add(restorer, "restorer.", spec.name);
  }
  model.metadata = to_json(config);
  return model;
}

}  // namespace daclip
