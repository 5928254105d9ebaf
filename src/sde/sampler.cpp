#include "sde/sampler.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/error.h"

namespace daclip {
namespace {

struct Named {
  SamplerKind sampler;
  std::string_view name;
};
constexpr std::array<Named, 7> kNames = {{{SamplerKind::sde, "sde"},
                                          {SamplerKind::ode, "ode"},
                                          {SamplerKind::posterior, "posterior"},
                                          {SamplerKind::mars_ode_1, "mars-ode-1"},
                                          {SamplerKind::mars_ode_2, "mars-ode-2"},
                                          {SamplerKind::mars_sde_1, "mars-sde-1"},
                                          {SamplerKind::mars_sde_2, "mars-sde-2"}}};

bool is_euler(SamplerKind sampler) { return sampler == SamplerKind::sde || sampler == SamplerKind::ode; }
bool is_mars(SamplerKind sampler) { return !is_euler(sampler) && sampler != SamplerKind::posterior; }
bool is_second_order(SamplerKind sampler) {
  return sampler == SamplerKind::mars_ode_2 || sampler == SamplerKind::mars_sde_2;
}

std::vector<int> even_in_time(int all, int steps) {
  std::vector<int> times;
  for (int i = 0; i <= steps; ++i) times.push_back(int(std::lround(double(all) * (steps - i) / steps)));
  return times;
}

// Divides log_snr(T)..log_snr(1) into `steps` equal intervals and takes the nearest times of the schedule, no time
// twice. The last step ends in 0.
std::vector<int> even_in_log_snr(const Schedule& schedule, int steps) {
  const int all = schedule.steps();
  const double first = schedule.log_snr(all), last = schedule.log_snr(1);
  std::vector<int> times;
  int t = all;
  for (int i = 0; i < steps; ++i) {
    const double wanted = first + (last - first) * i / steps;
    const auto distance = [&](int time) { return std::abs(schedule.log_snr(time) - wanted); };
    if (i > 0) --t;
    while (t > steps - i && distance(t - 1) < distance(t)) --t;
    times.push_back(t);
  }
  times.push_back(0);
  return times;
}

}  // namespace

std::string_view sampler_name(SamplerKind sampler) { return std::ranges::find(kNames, sampler, &Named::sampler)->name; }

std::string_view default_sampler() { return sampler_name(kDefaultSampler); }

std::vector<std::string_view> sampler_names() {
  std::vector<std::string_view> names;
  for (const Named& named : kNames) names.push_back(named.name);
  return names;
}

SamplerKind sampler_by_name(std::string_view name) {
  const auto it = std::ranges::find(kNames, name, &Named::name);
  if (it != kNames.end()) return it->sampler;
  std::string known;
  for (const Named& named : kNames) known += cat(known.empty() ? "" : ", ", named.name);
  throw UsageError(cat("unknown sampler ", name, "; expected one of ", known));
}

SamplingPlan::SamplingPlan(const SdeConfig& config, SamplerKind sampler, int steps) : sampler_(sampler) {
  if (steps < 0 || steps > config.steps)
    throw UsageError(cat("sampler ", sampler_name(sampler), ": ", steps, " steps, expected 1 to ", config.steps));
  if (steps == 0) steps = is_mars(sampler) ? std::min(kFewSteps, config.steps) : config.steps;
  const Schedule schedule(config, is_euler(sampler) ? steps : 0);
  add_steps(schedule, is_mars(sampler) ? even_in_log_snr(schedule, steps) : even_in_time(schedule.steps(), steps));
}

SamplingPlan::SamplingPlan(const Schedule& schedule, SamplerKind sampler, const std::vector<int>& times)
    : sampler_(sampler) {
  const bool falling = std::ranges::adjacent_find(times, std::less_equal<>()) == times.end();
  if (times.size() < 2 || !falling || times.front() > schedule.steps() || times.back() != 0)
    throw UsageError(cat("sampler: times must fall from at most ", schedule.steps(), " to 0"));
  add_steps(schedule, times);
}

void SamplingPlan::add_steps(const Schedule& schedule, const std::vector<int>& times) {
  start_deviation_ = schedule.max_sigma();
  for (size_t i = 0; i + 1 < times.size(); ++i) {
    const int from = times[i], to = times[i + 1];
    if (is_euler(sampler_)) {
      if (to != from - 1) throw UsageError(cat("sampler ", sampler_name(sampler_), " cannot skip times"));
      add_euler(schedule, from);
    } else if (sampler_ == SamplerKind::posterior) {
      add_posterior(schedule, from, to);
    } else {
      add_mars(schedule, i > 0 ? times[i - 1] : 0, from, to);
    }
  }
}

void SamplingPlan::add_euler(const Schedule& s, int t) {
  const bool stochastic = sampler_ == SamplerKind::sde;
  Step step{};
  step.network_time = t * s.time_scale();
  const EulerMean mean = euler_mean(s, t, stochastic ? 1 : 0.5);
  step.state = mean.state;
  step.noise = mean.noise;
  step.fresh = stochastic ? -s.sigma(t) * std::sqrt(s.dt()) : 0;
  steps_.push_back(step);
}

void SamplingPlan::add_posterior(const Schedule& s, int from, int to) {
  const Posterior p = posterior(s, from, to);
  Step step{};
  step.network_time = from * s.time_scale();
  step.clean_state = 1 / s.alpha(from);
  step.clean_noise = -s.sigma_bar(from) / s.alpha(from);
  step.state = p.state + p.clean * step.clean_state;
  step.noise = p.clean * step.clean_noise;
  step.fresh = p.deviation;
  steps_.push_back(step);
}

// MaRS (arXiv 2502.07856) is DPM-Solver on (alpha, sigma_bar), with r = log_snr.
void SamplingPlan::add_mars(const Schedule& s, int before, int from, int to) {
  const bool stochastic = sampler_ == SamplerKind::mars_sde_1 || sampler_ == SamplerKind::mars_sde_2;
  Step step{};
  step.network_time = from * s.time_scale();
  step.clean_state = 1 / s.alpha(from);
  step.clean_noise = -s.sigma_bar(from) / s.alpha(from);
  double keep = 0, clean = 1;  // the last step is x = x_0
  if (to > 0) {
    const double h = s.log_snr(to) - s.log_snr(from), ratio = s.sigma_bar(to) / s.sigma_bar(from);
    const double rate = stochastic ? 2 * h : h;
    keep = stochastic ? ratio * std::exp(-h) : ratio;
    clean = -s.alpha(to) * std::expm1(-rate);
    if (stochastic) step.fresh = s.sigma_bar(to) * std::sqrt(-std::expm1(-rate));
    if (is_second_order(sampler_) && before > from)
      step.change = s.alpha(to) * (1 + std::expm1(-rate) / rate) * h / (s.log_snr(from) - s.log_snr(before));
  }
  step.state = keep + clean * step.clean_state;
  step.noise = clean * step.clean_noise;
  steps_.push_back(step);
}

void sample_from(std::span<double> state, const SamplingPlan& plan, std::span<const double> mu,
                 const NoisePredictor& predict, const NoiseSource& noise) {
  const size_t size = mu.size();
  if (state.size() != size)
    throw ShapeError(cat("sample: a state of ", state.size(), " values, expected the picture's ", size));
  const bool second_order = is_second_order(plan.sampler_);
  std::vector<double> predicted(size), fresh, before(second_order ? size : 0);
  for (int i = 0; i < plan.evaluations(); ++i) {
    const SamplingPlan::Step& step = plan.steps_[size_t(i)];
    predict(i, state, predicted);
    fresh.resize(step.fresh != 0 ? size : 0);
    if (!fresh.empty()) noise(i + 1, fresh);
    for (size_t k = 0; k < size; ++k) {
      const double y = state[k] - mu[k];
      double next = step.state * y + step.noise * predicted[k];
      if (second_order) {
        const double clean = step.clean_state * y + step.clean_noise * predicted[k];
        next += step.change * (clean - before[k]);
        before[k] = clean;
      }
      if (!fresh.empty()) next += step.fresh * fresh[k];
      state[k] = mu[k] + next;
    }
  }
}

std::vector<double> sample(const SamplingPlan& plan, std::span<const double> mu, const NoisePredictor& predict,
                           const NoiseSource& noise) {
  std::vector<double> x(mu.size());
  noise(0, x);
  for (size_t i = 0; i < x.size(); ++i) x[i] = mu[i] + plan.start_deviation() * x[i];
  sample_from(x, plan, mu, predict, noise);
  return x;
}

}  // namespace daclip
