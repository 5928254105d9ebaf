#include "sde/schedule.h"

#include <numbers>

#include "core/error.h"

namespace daclip {
namespace {

constexpr std::pair<ThetaSchedule, std::string_view> kSchedules[] = {
    {ThetaSchedule::cosine, "cosine"}, {ThetaSchedule::linear, "linear"}, {ThetaSchedule::constant, "constant"}};

// theta_0 .. theta_T.
std::vector<double> thetas(ThetaSchedule schedule, int steps) {
  std::vector<double> values(size_t(steps) + 1, 1.0);
  const double n = steps + 2;
  const auto alpha_bar = [n](double u) {
    constexpr double kOffset = 0.008;
    return std::pow(std::cos((u / n + kOffset) / (1 + kOffset) * std::numbers::pi / 2), 2);
  };
  const double scale = 1000.0 / (steps + 1), low = 1e-4 * scale, high = 0.02 * scale;
  for (int t = 0; t <= steps; ++t) {
    if (schedule == ThetaSchedule::cosine) values[size_t(t)] = 1 - alpha_bar(t + 1) / alpha_bar(0);
    if (schedule == ThetaSchedule::linear) values[size_t(t)] = low + (high - low) * t / steps;
  }
  return values;
}

}  // namespace

std::string_view schedule_name(ThetaSchedule schedule) {
  for (const auto& [value, name] : kSchedules)
    if (value == schedule) return name;
  return "unknown";
}

ThetaSchedule schedule_from_name(std::string_view name) {
  for (const auto& [value, known] : kSchedules)
    if (name == known) return value;
  throw FormatError(cat("sde.schedule: \"", name, "\": expected one of cosine, linear, constant"));
}

void visit(ConfigVisitor& v, SdeConfig& c) {
  v.field("max_sigma", c.max_sigma, {.low = 0, .high = 255, .open_low = true});
  v.field("steps", c.steps, between(1, 100'000));
  v.field("eps", c.eps, inside(0, 1));
  enum_field(v, "schedule", c.schedule, kSchedules);
}

void validate(const SdeConfig& config) {
  SdeConfig copy = config;
  RangeCheck check("sde");
  visit(check, copy);
}

Schedule::Schedule(const SdeConfig& config, int steps)
    : max_sigma_(config.max_sigma >= 1 ? config.max_sigma / 255 : config.max_sigma) {
  validate(config);
  if (steps < 0 || steps > config.steps)
    throw UsageError(cat("sde: ", steps, " steps, expected 1 to ", config.steps, ", or 0 for all"));
  if (steps == 0) steps = config.steps;
  time_scale_ = double(config.steps) / steps;
  theta_ = thetas(config.schedule, steps);
  double sum = -theta_[0];
  for (const double theta : theta_) theta_sum_.push_back(sum += theta);
  theta_sum_[0] = 0;
  dt_ = -std::log(config.eps) / theta_sum_.back();
}

// x - [theta (mu - x) - fraction * sigma^2 score] dt with score = -noise / sigma_bar.
EulerMean euler_mean(const Schedule& s, int t, double score_share) {
  return {1 + s.theta(t) * s.dt(), -score_share * s.sigma(t) * s.sigma(t) * s.dt() / s.sigma_bar(t)};
}

Posterior posterior(const Schedule& s, int from, int to) {
  // 1 - exp(-2 Theta dt) over the interval `to` to `from`, up to `from`, and up to `to`.
  const double between = -std::expm1(-2 * (s.theta_sum(from) - s.theta_sum(to)) * s.dt());
  const double whole = -std::expm1(-2 * s.theta_sum(from) * s.dt()), rest = -std::expm1(-2 * s.theta_sum(to) * s.dt());
  Posterior result;
  result.state = std::exp(-(s.theta_sum(from) - s.theta_sum(to)) * s.dt()) * rest / whole;
  result.clean = s.alpha(to) * between / whole;
  result.deviation = s.max_sigma() * std::sqrt(between * rest / whole);
  return result;
}

}  // namespace daclip
