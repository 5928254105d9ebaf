#include "train/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace daclip {
namespace {

double half_cosine(double done) { return 0.5 * (1 + std::cos(std::numbers::pi * done)); }

double warmup_lr(int64_t step, double base, int64_t warmup) { return base * double(step + 1) / double(warmup); }

const Restart* restart_at(int64_t step, const std::vector<Restart>& restarts) {
  const auto it = std::ranges::find(restarts, step, &Restart::step);
  return it == restarts.end() ? nullptr : &*it;
}

}  // namespace

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
                             const std::vector<Restart>& restarts) {
  double lr = base;
  for (int64_t s = 1; s <= step; ++s) {
    if (const Restart* restart = restart_at(s, restarts)) {
      lr = base * restart->weight;
    } else {
      lr *= std::pow(0.5, double(std::ranges::count(milestones, s)));
    }
  }
  return lr;
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
