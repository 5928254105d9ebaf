#include "pipeline/findings.h"

#include <algorithm>
#include <cmath>

namespace daclip {

std::vector<float> probabilities_of_kinds(std::span<const Finding> findings, std::span<const std::string> labels) {
  std::vector<float> kinds(labels.size() - 1);
  for (const Finding& finding : findings)
    kinds[size_t(std::ranges::find(labels, finding.label) - labels.begin())] = finding.probability;
  return kinds;
}

std::vector<float> exclusive_probabilities(std::span<const float> kinds) {
  constexpr double kSmallest = 1e-6;  // keeps the odds finite
  std::vector<double> odds;
  double sum = 1;
  for (const float probability : kinds) {
    const double p = std::clamp(double(probability), kSmallest, 1 - kSmallest);
    odds.push_back(p / (1 - p));
    sum += odds.back();
  }
  std::vector<float> result;
  for (const double o : odds) result.push_back(float(o / sum));
  result.push_back(float(1 / sum));
  return result;
}

std::vector<float> mixture_context(std::span<const float> kinds, std::span<const float> labels) {
  const size_t n = labels.size() / (kinds.size() + 1);
  std::vector<float> context(n);
  const auto add = [&](size_t row, float weight) {
    for (size_t i = 0; i < n; ++i) context[i] += weight * labels[row * n + i];
  };
  float none = 1;
  for (size_t kind = 0; kind < kinds.size(); ++kind) {
    add(kind, kinds[kind]);
    none *= 1 - kinds[kind];
  }
  add(kinds.size(), none);
  return context;
}

std::vector<std::string> found_kinds(std::span<const Finding> findings) {
  std::vector<std::string> kinds;
  for (const Finding& finding : findings)
    if (finding.probability > kFoundFrom) kinds.push_back(finding.label);
  return kinds;
}

float remaining_damage(std::span<const Finding> findings) {
  float sum = 0;
  for (const Finding& finding : findings) sum += finding.probability * finding.severity;
  return sum;
}

bool is_unsure(std::span<const Finding> findings) {
  constexpr float kDoubt = 0.12f;
  return std::abs(findings.front().probability - kFoundFrom) < kDoubt;
}

float supported_strength(float probability) {
  const float certainty = (probability - kDoubtfulTo) / (kCertainFrom - kDoubtfulTo);
  return kGentle + (1 - kGentle) * std::clamp(certainty, 0.f, 1.f);
}

}  // namespace daclip
