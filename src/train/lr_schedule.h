// Learning rates as functions of the number of steps done, with the names and formulas of the reference's schedulers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "train/config.h"

namespace daclip {

// The rate that a configuration gives for a step of a run of `steps`. Throws UsageError for an unknown schedule.
double learning_rate(const OptimizerConfig& config, int64_t step, int64_t steps);

// The values of optimizer.schedule: the functions below without "_lr".
std::span<const std::string_view> schedule_names();

// torch's CosineAnnealingLR (TrueCosineAnnealingLR): from `base` at 0 to `low` at `period`.
double cosine_annealing_lr(int64_t step, double base, double low, int64_t period);

// da-clip's training: base * (step+1)/warmup, then a cosine that reaches `low` at `steps`.
double warmup_cosine_lr(int64_t step, double base, int64_t warmup, int64_t steps, double low = 0);

// The same warm-up, then `base` until the end.
double warmup_constant_lr(int64_t step, double base, int64_t warmup);

// The same warm-up, `base` until `cooldown` steps before the end, then a fall to `low` by (1 - done)^power.
struct Cooldown {
  int64_t steps = 0;
  double power = 1, low = 0;
};
double warmup_cooldown_lr(int64_t step, double base, int64_t warmup, int64_t steps, const Cooldown& cooldown);

struct Restart {
  int64_t step = 0;
  double weight = 1;   // of the base rate
  int64_t period = 0;  // of the cosine that starts here; unused by steps
};

// IR-SDE's MultiStepLR_Restart: multiplied by `gamma` at each milestone (once for each time it is listed), set to the
// weighted base rate at restarts. The published code ignores its gamma and halves.
double multi_step_restart_lr(int64_t step, double base, const std::vector<int64_t>& milestones,
                             const std::vector<Restart>& restarts, double gamma = 0.5);

// IR-SDE's CosineAnnealingLR_Restart: cosines from the (weighted) base rate to `low` over each period.
double cosine_restart_lr(int64_t step, double base, double low, int64_t first_period,
                         const std::vector<Restart>& restarts);

}  // namespace daclip
