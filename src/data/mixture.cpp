#include "data/mixture.h"

#include <algorithm>
#include <numeric>

namespace daclip {
namespace {

constexpr std::string_view kCaptureOrder[] = {"shadowed",  "hazy",          "snowy", "rainy",           "raindrop",
                                              "low-light", "motion-blurry", "noisy", "jpeg-compressed", "uncompleted"};
static_assert(std::size(kCaptureOrder) == size_t(kDegradationCount));

constexpr double kThreeKinds = 0.3;  // of the mixtures

}  // namespace

int capture_order(int label) {
  const auto at = std::find(std::begin(kCaptureOrder), std::end(kCaptureOrder), kLabels[size_t(label)]);
  return int(at - std::begin(kCaptureOrder));
}

int draw_weighted(std::span<const double> weights, Random& random) {
  double at = random.uniform(0, std::accumulate(weights.begin(), weights.end(), 0.0));
  int last = 0;
  for (int i = 0; i < int(weights.size()); ++i) {
    if (weights[size_t(i)] == 0) continue;
    last = i;
    if (at < weights[size_t(i)]) return i;
    at -= weights[size_t(i)];
  }
  return last;  // rounding may step past the last weight
}

std::vector<int> draw_further_kinds(int label, bool after_only, const SamplerConfig& config, Random& random) {
  const int wanted = random.chance(kThreeKinds) ? 2 : 1;
  std::vector<int> kinds;
  std::array<double, size_t(kDegradationCount)> weights{};
  for (int i = 0; i < kDegradationCount; ++i)
    if (i != label && (!after_only || capture_order(i) > capture_order(label)))
      weights[size_t(i)] = config.weights[size_t(i)];
  while (int(kinds.size()) < wanted) {
    if (std::ranges::all_of(weights, [](double weight) { return weight == 0; })) break;
    const int drawn = draw_weighted(weights, random);
    kinds.push_back(drawn);
    weights[size_t(drawn)] = 0;
  }
  std::ranges::sort(kinds, {}, capture_order);
  return kinds;
}

}  // namespace daclip
