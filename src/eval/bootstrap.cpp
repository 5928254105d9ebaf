#include "eval/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "core/random.h"

namespace daclip {
namespace {

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / double(values.size());
}

// Interpolates linearly; `sorted` is not empty.
double percentile(std::span<const double> sorted, double share) {
  const double at = share * double(sorted.size() - 1);
  const size_t below = size_t(at), above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - double(below)) * (sorted[above] - sorted[below]);
}

// `sets` hold finite values; none is empty.
Estimate resampled(std::span<const std::vector<double>> sets, uint64_t seed) {
  Estimate estimate;
  double sum = 0;
  bool spread = false;
  for (const std::vector<double>& set : sets) {
    sum += mean_of(set);
    spread = spread || set.size() > 1;
  }
  estimate.mean = sum / double(sets.size());
  if (!spread) return estimate;
  Random random(seed);
  std::vector<double> means(kResamples);
  for (double& mean : means) {
    for (const std::vector<double>& set : sets) {
      double drawn = 0;
      for (size_t i = 0; i < set.size(); ++i) drawn += set[size_t(random.below(int64_t(set.size())))];
      mean += drawn / double(set.size());
    }
    mean /= double(sets.size());
  }
  std::sort(means.begin(), means.end());
  estimate.low = percentile(means, 0.025);
  estimate.high = percentile(means, 0.975);
  return estimate;
}

std::vector<double> finite_values(std::span<const double> values) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [](double v) { return std::isfinite(v); });
  return finite;
}

}  // namespace

Estimate bootstrap_mean(std::span<const double> values, uint64_t seed) {
  const std::vector<std::vector<double>> finite = {finite_values(values)};
  const auto infinite = std::find_if(values.begin(), values.end(), [](double v) { return std::isinf(v); });
  Estimate estimate;
  if (!finite[0].empty())
    estimate = resampled(finite, seed);
  else if (infinite != values.end())
    estimate.mean = *infinite;
  estimate.count = int(finite[0].size());
  estimate.infinite = int(std::count_if(values.begin(), values.end(), [](double v) { return std::isinf(v); }));
  return estimate;
}

Estimate bootstrap_average(std::span<const std::vector<double>> sets, uint64_t seed) {
  std::vector<std::vector<double>> finite;
  for (const std::vector<double>& set : sets)
    if (std::vector<double> values = finite_values(set); !values.empty()) finite.push_back(std::move(values));
  Estimate estimate;
  if (!finite.empty()) estimate = resampled(finite, seed);
  estimate.count = int(finite.size());
  return estimate;
}

}  // namespace daclip
