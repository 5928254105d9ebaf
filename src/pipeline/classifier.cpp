#include "pipeline/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "pipeline/length.h"
#include "pipeline/preprocess.h"

namespace daclip {

std::vector<float> label_probabilities(std::span<const float> degradation, std::span<const float> labels,
                                       float logit_scale, std::span<const float> bias) {
  const size_t n = degradation.size();
  const double length = length_of(degradation);
  std::vector<double> logits(labels.size() / n);
  for (size_t row = 0; row < logits.size(); ++row) {
    const auto label = labels.begin() + std::ptrdiff_t(row * n);
    logits[row] = logit_scale / length * std::inner_product(degradation.begin(), degradation.end(), label, 0.0);
    if (!bias.empty()) logits[row] += bias[row];
  }
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (double& v : logits) sum += v = std::exp(v - highest);
  std::vector<float> probabilities(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) probabilities[i] = float(logits[i] / sum);
  return probabilities;
}

std::vector<float> label_mixture(std::span<const float> degradation, std::span<const float> labels, float logit_scale,
                                 std::span<const float> bias) {
  const size_t n = degradation.size();
  std::vector<float> mixture(n);
  if (std::ranges::all_of(degradation, [](float v) { return v == 0; })) return mixture;
  const std::vector<float> probabilities = label_probabilities(degradation, labels, logit_scale, bias);
  for (size_t row = 0; row < probabilities.size(); ++row)
    for (size_t i = 0; i < n; ++i) mixture[i] += probabilities[row] * labels[row * n + i];
  return mixture;
}

Classifier::Classifier(Backend& backend, const Model& model) : backend_(backend), model_(model) {
  if (!model.config.clip)
    throw UsageError(cat("model ", model.config.name, " restores only: it has no CLIP to recognise with"));
}

Tensor Classifier::square(const Image& image) const {
  const FloatImage pixels = clip_input(image, model_.config.preprocess);
  return backend_.from_floats(pixels.data, {1, pixels.height, pixels.width, 3});
}

Tensor Classifier::encode_plain(const Image& image) const {
  const ClipConfig& clip = *model_.config.clip;
  return encode_image(backend_, clip.vision, clip.quick_gelu, Scope(model_.weights, "daclip.clip.visual."),
                      square(image));
}

Conditioning Classifier::analyse(const Image& image) const {
  Conditioning result;
  if (model_.config.controller) {
    const ImageFeatures features =
        encode_image_controlled(backend_, *model_.config.clip, Scope(model_.weights, "daclip."), square(image));
    result.content = backend_.to_floats(features.content);
    result.degradation = backend_.to_floats(features.degradation);
  } else {
    result.content = result.degradation = backend_.to_floats(encode_plain(image));
  }
  result.probabilities = label_probabilities(result.degradation, model_.labels, model_.config.logit_scale,
                                             model_.config.label_bias);
  return result;
}

std::vector<float> Classifier::clean_content(const Image& image) const {
  return backend_.to_floats(encode_plain(image));
}

std::vector<Prediction> Classifier::top(const Conditioning& conditioning, int k) const {
  std::vector<Prediction> all;
  for (size_t i = 0; i < conditioning.probabilities.size(); ++i)
    all.push_back({model_.config.labels[i], conditioning.probabilities[i]});
  std::stable_sort(all.begin(), all.end(),
                   [](const Prediction& a, const Prediction& b) { return a.probability > b.probability; });
  if (k > 0 && size_t(k) < all.size()) all.resize(size_t(k));
  return all;
}

}  // namespace daclip
