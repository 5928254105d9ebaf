#include "pipeline/label_mixture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pipeline/length.h"

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

}  // namespace daclip
