// Sampling: reverses IR-SDE from noise to a clean picture, with a network that predicts the noise of a state.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "daclip/sampler.h"
#include "sde/schedule.h"

namespace daclip {

enum class SamplerKind {
  sde,         // reverse SDE by Euler-Maruyama (DA-CLIP, Section 3.2)
  ode,         // its probability-flow ODE by Euler
  posterior,   // predicts x_0, then samples the posterior of the previous state or, with fewer steps, an earlier one
  mars_ode_1,  // MaRS (arXiv 2502.07856): exact if the predicted x_0 is constant over a step (1) or linear in the
  mars_ode_2,  // logarithm of the signal-to-noise ratio (2)
  mars_sde_1,
  mars_sde_2,
};

inline constexpr SamplerKind kDefaultSampler = SamplerKind::mars_ode_2;  // best at 10 evaluations, see docs/samplers.md

// Names such as "mars-ode-2". Parsing throws UsageError with the list of names.
std::string_view sampler_name(SamplerKind sampler);
SamplerKind sampler_by_name(std::string_view name);

// Predicts the noise of state x in step `step` of the plan. All spans have the same length; the layout is free.
using NoisePredictor = std::function<void(int step, std::span<const double> x, std::span<double> noise)>;
// Fills z with standard normal values. Draw 0 is the start of sampling, draw k belongs to step k.
using NoiseSource = std::function<void(int draw, std::span<double> z)>;

// The visited times and the coefficients of each step, which are the same for every picture.
class SamplingPlan {
 public:
  // `steps`: number of network evaluations. 0 means all steps of the schedule for sde, ode and posterior, and kFewSteps
  // for the MaRS samplers. With fewer steps than the schedule has, sde and ode re-discretise it like the published code
  // (IR-SDE's sample_T). posterior skips times evenly, the MaRS samplers evenly in the logarithm of the signal-to-noise
  // ratio; both use only times that the network was trained on. Throws UsageError if the schedule does not have that
  // many steps.
  SamplingPlan(const SdeConfig& config, SamplerKind sampler, int steps = 0);

  // Visits the given times of a schedule, which fall and end in 0. sde and ode must visit every time.
  SamplingPlan(const Schedule& schedule, SamplerKind sampler, const std::vector<int>& times);

  int evaluations() const { return int(steps_.size()); }  // number of function evaluations (NFE)
  double network_time(int step) const { return steps_[size_t(step)].network_time; }
  double start_deviation() const { return start_deviation_; }

 private:
  friend void sample_from(std::span<double> state, const SamplingPlan& plan, std::span<const double> mu,
                          const NoisePredictor& predict, const NoiseSource& noise);
  // With y = x - mu, the estimate q of x_0 - mu is clean_state * y + clean_noise * predicted. The next state is mu +
  // state * y + noise * predicted + change * (q - q of the previous step) + fresh * z.
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

// Samples a clean picture from mu, the low-quality picture. The result is not clamped to [0,1].
std::vector<double> sample(const SamplingPlan& plan, std::span<const double> mu, const NoisePredictor& predict,
                           const NoiseSource& noise);

// Same, starting from a given state, which is overwritten by the sample.
void sample_from(std::span<double> state, const SamplingPlan& plan, std::span<const double> mu,
                 const NoisePredictor& predict, const NoiseSource& noise);

}  // namespace daclip
