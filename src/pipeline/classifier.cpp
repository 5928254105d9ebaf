#include "pipeline/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pipeline/preprocess.h"

namespace daclip {

std::vector<float> label_probabilities(std::span<const float> degradation, std::span<const float> labels,
                                       float logit_scale) {
  const size_t n = degradation.size();
  double norm = 0;
  for (const float v : degradation) norm += double(v) * v;
  norm = std::max(std::sqrt(norm), 1e-12);
  std::vector<double> logits(labels.size() / n);
  for (size_t row = 0; row < logits.size(); ++row)
    logits[row] =
        logit_scale / norm *
        std::inner_product(degradation.begin(), degradation.end(), labels.begin() + std::ptrdiff_t(row * n), 0.0);
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (double& v : logits) sum += v = std::exp(v - highest);
  std::vector<float> probabilities(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) probabilities[i] = float(logits[i] / sum);
  return probabilities;
}

Conditioning Classifier::analyse(const Image& image) const {
  const FloatImage square = clip_input(image, model_.config.preprocess);
  const Tensor input = backend_.from_floats(square.data, {1, square.height, square.width, 3});
  const ImageFeatures features =
      encode_image_controlled(backend_, model_.config.clip, Scope(model_.weights, "daclip."), input);
  Conditioning result;
  result.content = backend_.to_floats(features.content);
  result.degradation = backend_.to_floats(features.degradation);
  result.probabilities = label_probabilities(result.degradation, model_.labels, model_.config.logit_scale);
  return result;
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
