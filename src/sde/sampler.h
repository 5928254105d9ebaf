// From noise to a clean picture: the ways to walk IR-SDE backwards with a network that predicts the noise of a state.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "daclip/sampler.h"
#include "sde/schedule.h"

namespace daclip {

enum class SamplerKind {
  sde,         // the paper's reverse SDE, Euler-Maruyama
  ode,         // its probability-flow ODE, Euler
  posterior,   // x_0 as predicted, then the posterior of the state before; over a stride where steps are fewer
  mars_ode_1,  // MaRS (arXiv 2502.07856): the exact solution where the predicted x_0 stays as it is over a step (1) or
  mars_ode_2,  // changes linearly in the logarithm of the signal-to-noise ratio (2)
  mars_sde_1,
  mars_sde_2,
};

inline constexpr SamplerKind kDefaultSampler = SamplerKind::mars_ode_2;  // the best at 10 evaluations, docs/samplers.md

// "mars-ode-2" and back; throws UsageError listing sampler_names().
std::string_view sampler_name(SamplerKind sampler);
SamplerKind sampler_by_name(std::string_view name);

// Predicts the noise of state x in step `step` of the plan. All spans have one length, whatever the layout.
using NoisePredictor = std::function<void(int step, std::span<const double> x, std::span<double> noise)>;
// Standard normal values; draw 0 is the start, draw k the k-th step.
using NoiseSource = std::function<void(int draw, std::span<double> z)>;

// What is the same for every picture: the times that are visited and the coefficients of each step.
class SamplingPlan {
 public:
  // `steps`: network evaluations; 0 takes all of the schedule's for sde, ode and posterior, and kFewSteps for the MaRS
  // samplers. With fewer than the schedule has, sde and ode tabulate it anew as the published code does; posterior
  // strides evenly over time, the MaRS samplers over the logarithm of the signal-to-noise ratio, both at times that the
  // network was trained on. Throws UsageError for a number that the schedule does not have.
  SamplingPlan(const SdeConfig& config, SamplerKind sampler, int steps = 0);

  // Through given times of a schedule, falling and ending in 0; for sde and ode one by one.
  SamplingPlan(const Schedule& schedule, SamplerKind sampler, const std::vector<int>& times);

  int evaluations() const { return int(steps_.size()); }  // NFE
  double network_time(int step) const { return steps_[size_t(step)].network_time; }
  double start_deviation() const { return start_deviation_; }

 private:
  friend void sample_from(std::span<double> state, const SamplingPlan& plan, std::span<const double> mu,
                          const NoisePredictor& predict, const NoiseSource& noise);
  // With y = x - mu, the estimate q of x_0 - mu is clean_state * y + clean_noise * predicted, and the next state
  // mu + state * y + noise * predicted + change * (q - q of the step before) + fresh * z.
  struct Step {
    double network_time;
    double state, noise, change, fresh;
    double clean_state, clean_noise;
  };
  void add_steps(const Schedule& schedule, const std::vector<int>& times);
  void add_euler(const Schedule& schedule, int t);
  void add_posterior(const Schedule& schedule, int from, int to);
  void add_mars(const Schedule& schedule, int before, int from, int to);

  SamplerKind sampler_;
  double start_deviation_ = 0;
  std::vector<Step> steps_;
};

// mu, the low-quality picture, -> a sample of the clean one, not clamped.
std::vector<double> sample(const SamplingPlan& plan, std::span<const double> mu, const NoisePredictor& predict,
                           const NoiseSource& noise);

// The same from a given state, which becomes the sample.
void sample_from(std::span<double> state, const SamplingPlan& plan, std::span<const double> mu,
                 const NoisePredictor& predict, const NoiseSource& noise);

}  // namespace daclip
