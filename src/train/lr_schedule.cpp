#include "train/lr_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace daclip {
namespace {

double half_cosine(double done) { return 0.5 * (1 + std::cos(std::numbers::pi * done)); }

double warmup_lr(int64_t step, double base, int64_t warmup) { return base * double(step + 1) / double(warmup); }

std::vector<Restart> restarts_of(const OptimizerConfig& c) {
  std::vector<Restart> restarts;
  for (size_t i = 0; i < c.restarts.size(); ++i)
    restarts.push_back({c.restarts[i], c.restart_weights.empty() ? 1 : c.restart_weights[i],
                        i + 1 < c.periods.size() ? c.periods[i + 1] : 0});
  return restarts;
}

struct NamedSchedule {
  std::string_view name;
  double (*rate)(const OptimizerConfig& c, int64_t step, int64_t steps);
};

constexpr NamedSchedule kSchedules[] = {
    {"warmup_cosine", [](const OptimizerConfig& c, int64_t step,
                         int64_t steps) { return warmup_cosine_lr(step, c.lr, c.warmup, steps, c.lr_end); }},
    {"warmup_constant",
     [](const OptimizerConfig& c, int64_t step, int64_t) { return warmup_constant_lr(step, c.lr, c.warmup); }},
    {"warmup_cooldown",
     [](const OptimizerConfig& c, int64_t step, int64_t steps) {
       return warmup_cooldown_lr(step, c.lr, c.warmup, steps, {c.cooldown, c.cooldown_power, c.lr_end});
     }},
    {"cosine_annealing", [](const OptimizerConfig& c, int64_t step,
                            int64_t steps) { return cosine_annealing_lr(step, c.lr, c.lr_end, steps); }},
    {"cosine_restart",
     [](const OptimizerConfig& c, int64_t step, int64_t) {
       return cosine_restart_lr(step, c.lr, c.lr_end, c.periods.at(0), restarts_of(c));
     }},
    {"multi_step_restart", [](const OptimizerConfig& c, int64_t step, int64_t) {
       const std::vector<int64_t> milestones(c.milestones.begin(), c.milestones.end());
       return multi_step_restart_lr(step, c.lr, milestones, restarts_of(c), c.gamma);
     }}};

}  // namespace

double learning_rate(const OptimizerConfig& config, int64_t step, int64_t steps) {
  for (const NamedSchedule& schedule : kSchedules)
    if (schedule.name == config.schedule) return schedule.rate(config, step, steps);
  throw UsageError(cat("optimizer.schedule: ", config.schedule, ": unknown"));
}

std::span<const std::string_view> schedule_names() {
  static const auto names = [] {
    std::array<std::string_view, std::size(kSchedules)> all;
    std::ranges::transform(kSchedules, all.begin(), &NamedSchedule::name);
    return all;
  }();
  return names;
}

double cosine_annealing_lr(int64_t step, double base, double low, int64_t period) {
  return low + (base - low) * half_cosine(double(step) / double(period));
}

double warmup_cosine_lr(int64_t step, double base, int64_t warmup, int64_t steps, double low) {
  if (step < warmup) return warmup_lr(step, base, warmup);
  const double length = double(std::max<int64_t>(1, steps - warmup));
  return low + (base - low) * half_cosine(double(step - warmup) / length);
}

double warmup_constant_lr(int64_t step, double base, int64_t warmup) {
  return step < warmup ? warmup_lr(step, base, warmup) : base;
}

double warmup_cooldown_lr(int64_t step, double base, int64_t warmup, int64_t steps, const Cooldown& cooldown) {
  const int64_t start = steps - cooldown.steps;
  if (step < warmup) return warmup_lr(step, base, warmup);
  if (step < start) return base;
  const double done = double(step - start) / double(steps - start);
  return cooldown.low + (base - cooldown.low) * std::pow(1 - done, cooldown.power);
}

double multi_step_restart_lr(int64_t step, double base, const std::vector<int64_t>& milestones,
                             const std::vector<Restart>& restarts, double gamma) {
  Restart last;
  for (const Restart& restart : restarts)
    if (restart.step <= step && restart.step > last.step) last = restart;
  const auto since = [&](int64_t milestone) { return milestone > last.step && milestone <= step; };
  return base * last.weight * std::pow(gamma, double(std::ranges::count_if(milestones, since)));
}

double cosine_restart_lr(int64_t step, double base, double low, int64_t first_period,
                         const std::vector<Restart>& restarts) {
  int64_t begin = 0, period = first_period;
  double top = base;
  for (const Restart& restart : restarts) {
    if (restart.step > step || restart.step < begin) continue;
    begin = restart.step;
    period = restart.period;
    top = base * restart.weight;
  }
  if (step - begin > period) top = base;  // the published recursion rises again to the unweighted rate
  return low + (top - low) * half_cosine(double(step - begin) / double(period));
}

}  // namespace daclip
