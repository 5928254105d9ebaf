// Learning rates as functions of the number of steps done; names and formulas of the reference's schedulers.
#pragma once

#include <cstdint>
#include <vector>

namespace daclip {

// torch's CosineAnnealingLR (TrueCosineAnnealingLR): from `base` at 0 to `low` at `period`.
double cosine_annealing_lr(int64_t step, double base, double low, int64_t period);

// da-clip's training: base * (step+1)/warmup, then a cosine that reaches `low` at `steps`.
double warmup_cosine_lr(int64_t step, double base, int64_t warmup, int64_t steps, double low = 0);

// The same warm-up, then `base` for good.
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

// IR-SDE's MultiStepLR_Restart: halved at each milestone (once for each time it is listed; the published code ignores
// its gamma), set anew at restarts.
double multi_step_restart_lr(int64_t step, double base, const std::vector<int64_t>& milestones,
                             const std::vector<Restart>& restarts);

// IR-SDE's CosineAnnealingLR_Restart: cosines from the (weighted) base rate to `low` over each period.
double cosine_restart_lr(int64_t step, double base, double low, int64_t first_period,
                         const std::vector<Restart>& restarts);

}  // namespace daclip
