#include "pipeline/recogniser.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/labels.h"
#include "pipeline/confidence.h"
#include "pipeline/damage_input.h"
#include "pipeline/featureless.h"
#include "pipeline/findings.h"
#include "pipeline/holes.h"
#include "pipeline/label_mixture.h"
#include "pipeline/preprocess.h"

namespace daclip {
namespace {

std::vector<Prediction> ranked(const std::vector<std::string>& labels, const std::vector<float>& probabilities) {
  std::vector<Prediction> all;
  for (size_t i = 0; i < probabilities.size(); ++i) all.push_back({labels[i], probabilities[i]});
  std::stable_sort(all.begin(), all.end(),
                   [](const Prediction& a, const Prediction& b) { return a.probability > b.probability; });
  return all;
}

// Of one label against another, bounded: a softmax over labels is far surer than it is right.
float log_odds(float probability, float other) {
  constexpr float kSmallest = 1e-6f, kLargestOdds = 4;
  return std::clamp(std::log(std::max(probability, kSmallest) / std::max(other, kSmallest)), -kLargestOdds,
                    kLargestOdds);
}

}  // namespace

Recogniser::Recogniser(Backend& backend, const LoadedModel& model) : backend_(backend), model_(model) {
  if (!model.config.clip)
    throw UsageError(cat("model ", model.config.name, " restores only: it has no CLIP to recognise degradations"));
}

Tensor Recogniser::square(const Image& photo) const {
  const FloatImage pixels = clip_input(photo, model_.config.preprocess);
  return backend_.from_floats(pixels.data, {1, pixels.height, pixels.width, 3});
}

Tensor Recogniser::encode_plain(const Image& photo) const {
  const ClipConfig& clip = *model_.config.clip;
  return encode_image(backend_, clip.vision, clip.quick_gelu, Scope(model_.weights, "daclip.clip.visual."),
                      square(photo));
}

Conditioning Recogniser::analyse(const Image& photo) const {
  Conditioning result;
  if (model_.config.controller) {
    const ImageFeatures features =
        encode_image_controlled(backend_, *model_.config.clip, Scope(model_.weights, "daclip."), square(photo));
    result.content = backend_.to_floats(features.content);
    result.degradation = backend_.to_floats(features.degradation);
  } else {
    result.content = result.degradation = backend_.to_floats(encode_plain(photo));
  }
  result.probabilities = label_probabilities(result.degradation, model_.label_embeddings, model_.config.logit_scale,
                                             model_.config.label_bias);
  return result;
}

// In the order of the labels. by_controller: the labels' probabilities by the controller.
std::vector<Finding> Recogniser::find_damage(const Image& photo, std::span<const float> by_controller) const {
  const DamageConfig& config = *model_.config.damage;
  const DamageInput input = damage_input(photo, config);
  const Tensor logits =
      damage_logits(backend_, config, Scope(model_.weights, "damage."),
                    backend_.from_floats(input.view, {1, config.view, config.view, 3}),
                    backend_.from_floats(input.tiles, {config.grid * config.grid, config.tile, config.tile, 3}));
  const std::vector<float> values = backend_.to_floats(logits);
  const auto kinds = size_t(config.kinds);
  std::vector<Finding> findings;
  for (size_t kind = 0; kind < kinds; ++kind) {
    const float support = float(config.controller_weight) * log_odds(by_controller[kind], by_controller.back());
    findings.push_back({model_.config.labels[kind], sigmoid(values[kind] + support), sigmoid(values[kinds + kind])});
  }
  if (is_featureless(photo)) {
    for (Finding& finding : findings) finding.probability = 0;
  } else if (const auto holes = std::ranges::find(findings, kHolesLabel, &Finding::label);
             holes != findings.end() && !find_holes(photo)) {
    holes->probability = 0;
  }
  return findings;
}

Recognition Recogniser::recognise(const Image& photo) const {
  Recognition result;
  result.conditioning = analyse(photo);
  if (model_.config.damage) {
    result.findings = find_damage(photo, result.conditioning.probabilities);
    result.conditioning.probabilities =
        exclusive_probabilities(probabilities_of_kinds(result.findings, model_.config.labels));
    std::stable_sort(result.findings.begin(), result.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.probability > b.probability; });
  }
  result.predictions = ranked(model_.config.labels, result.conditioning.probabilities);
  result.unsure =
      result.findings.empty() ? is_unsure(result.predictions.front().probability) : is_unsure(result.findings);
  return result;
}

std::vector<float> Recogniser::clean_content(const Image& photo) const {
  return backend_.to_floats(encode_plain(photo));
}

}  // namespace daclip
