// Samplers on a problem with a known answer: values whose clean distribution is a mixture of Gaussians, so that the
// noise predicted by a perfect network has a closed form. The error is the mean distance between the sorted samples and
// the quantiles of the mixture (the Wasserstein-1 distance), in the picture's units.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <numbers>
#include <string>
#include <tuple>

#include "sde/noise.h"
#include "sde/sampler.h"

namespace daclip {
namespace {

using Values = std::vector<double>;
constexpr int kSamples = 4096;
constexpr double kMu = 0.5;

struct Gaussian {
  double weight, mean, deviation;  // of x_0 - mu
};
using Mixture = std::vector<Gaussian>;

// Typical cases of restoration: one nearly certain answer, one vague answer, or several answers.
const std::map<std::string, Mixture> kMixtures = {
    {"certain", {{1, 0.2, 0.03}}},
    {"vague", {{0.5, -0.2, 0.1}, {0.5, 0.3, 0.1}}},
    {"two answers", {{0.6, -0.15, 0.02}, {0.4, 0.2, 0.05}}},
};

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double mixture_cdf(const Mixture& mixture, double y) {
  double sum = 0;
  for (const Gaussian& g : mixture) sum += g.weight * normal_cdf((y - g.mean) / g.deviation);
  return sum;
}

template <class Cdf>
double quantile(double p, double low, double high, const Cdf& cdf) {
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (cdf(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

Values quantiles(double low, double high, const std::function<double(double)>& cdf) {
  Values values(kSamples);
  for (int i = 0; i < kSamples; ++i) values[size_t(i)] = quantile((i + 0.5) / kSamples, low, high, cdf);
  return values;
}

// E[noise | x]. The state y = alpha * (x_0 - mu) + sigma * noise is also a mixture.
double exact_noise(const Mixture& mixture, double alpha, double sigma, double y) {
  double best = -1e300, total = 0, sum = 0;
  std::array<double, 4> logs{}, pulls{};
  for (size_t k = 0; k < mixture.size(); ++k) {
    const double variance = std::pow(alpha * mixture[k].deviation, 2) + sigma * sigma, d = y - alpha * mixture[k].mean;
    logs[k] = std::log(mixture[k].weight) - 0.5 * std::log(variance) - d * d / (2 * variance);
    pulls[k] = d / variance;
    best = std::max(best, logs[k]);
  }
  for (size_t k = 0; k < mixture.size(); ++k) {
    const double share = std::exp(logs[k] - best);
    total += share;
    sum += share * pulls[k];
  }
  return sigma * sum / total;
}

// The process at any time, including times between the trained ones, which a re-discretised schedule visits.
struct State {
  double alpha, sigma;
};
State state_at(const Schedule& s, double time) {
  const int below = std::min(int(time), s.steps() - 1);
  const double share = time - below;
  const double sum = (1 - share) * s.theta_sum(below) + share * s.theta_sum(below + 1);
  return {std::exp(-sum * s.dt()), s.max_sigma() * std::sqrt(-std::expm1(-2 * sum * s.dt()))};
}

double measured_error(const Mixture& mixture, SamplerKind sampler, int steps) {
  static const Values starts = quantiles(-9, 9, normal_cdf);
  const Schedule schedule({});
  const SamplingPlan plan({}, sampler, steps);
  const NoiseField field(1);
  const auto predict = [&](int step, std::span<const double> x, std::span<double> noise) {
    const State state = state_at(schedule, plan.network_time(step));
    for (size_t i = 0; i < x.size(); ++i) noise[i] = exact_noise(mixture, state.alpha, state.sigma, x[i] - kMu);
  };
  // A start at even quantiles instead of random ones, so that chance does not hide the ODEs' error.
  const auto noise = [&](int draw, std::span<double> z) {
    if (draw == 0)
      std::copy(starts.begin(), starts.end(), z.begin());
    else
      field.fill(draw, {0, 0, kSamples, 1}, 1, z);
  };
  Values found = sample(plan, Values(kSamples, kMu), predict, noise);
  std::sort(found.begin(), found.end());
  const Values exact = quantiles(-3, 3, [&](double y) { return mixture_cdf(mixture, y); });
  double sum = 0;
  for (int i = 0; i < kSamples; ++i) sum += std::abs(found[size_t(i)] - kMu - exact[size_t(i)]);
  return sum / kSamples;
}

double error_of(const std::string& mixture, SamplerKind sampler, int steps) {
  static std::map<std::tuple<std::string, SamplerKind, int>, double> known;
  const auto [it, fresh] = known.try_emplace({mixture, sampler, steps});
  if (fresh) it->second = measured_error(kMixtures.at(mixture), sampler, steps);
  return it->second;
}

double mean_error(SamplerKind sampler, int steps) {
  double sum = 0;
  for (const auto& [name, mixture] : kMixtures) sum += error_of(name, sampler, steps);
  return sum / double(kMixtures.size());
}

TEST(AnalyticScore, the_default_sampler_is_the_best_at_10_evaluations) {
  std::string table = "mean error in 255ths against network evaluations\n             ";
  const int evaluations[] = {5, 10, 20, 50, 100};
  char text[64];
  for (const int steps : evaluations) table += (std::snprintf(text, sizeof text, "%8d", steps), text);
  std::map<SamplerKind, double> at_ten;
  for (const std::string_view name : sampler_names()) {
    table += (std::snprintf(text, sizeof text, "\n%-13s", std::string(name).c_str()), text);
    for (const int steps : evaluations) {
      const double error = mean_error(sampler_by_name(name), steps);
      if (steps == 10) at_ten[sampler_by_name(name)] = error;
      table += (std::snprintf(text, sizeof text, "%8.3f", 255 * error), text);
    }
  }
  for (const auto& [name, mixture] : kMixtures) {
    table += "\n" + name + " at 10:";
    for (const std::string_view sampler : sampler_names())
      table += (std::snprintf(text, sizeof text, " %s %.3f", std::string(sampler).c_str(),
                              255 * error_of(name, sampler_by_name(sampler), 10)),
                text);
  }
  std::printf("%s\n", table.c_str());
  for (const auto& [sampler, error] : at_ten) EXPECT_GE(error, at_ten[kDefaultSampler]) << sampler_name(sampler);
}

TEST(AnalyticScore, second_order_pays_once_the_steps_are_fine) {
  EXPECT_LT(mean_error(SamplerKind::mars_ode_2, 20), 0.5 * mean_error(SamplerKind::mars_ode_1, 20));
  EXPECT_LT(mean_error(SamplerKind::mars_ode_2, 20), 0.5 * mean_error(SamplerKind::mars_ode_2, 10));
}

}  // namespace
}  // namespace daclip
