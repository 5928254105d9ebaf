// The mean-reverting process of IR-SDE (DA-CLIP, Section 3.2; published code: utils/sde_utils.py): the amounts of clean
// picture and of noise in the state at time t. With mu = LQ and x_0 = GT, x_t = mu + alpha(t) (x_0 - mu) + sigma_bar(t)
// * noise, alpha(t) = exp(-Theta_t dt). All in double precision.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "core/config_visitor.h"

namespace daclip {

enum class ThetaSchedule { cosine, linear, constant };

struct SdeConfig {
  double max_sigma = 50;  // stationary deviation: 1 or more is in 8-bit levels, below 1 in the picture's units
  int steps = 100;        // T: the network is trained for times 1..T
  ThetaSchedule schedule = ThetaSchedule::cosine;
  double eps = 0.005;  // alpha(T): remaining fraction of the clean picture
};

// "cosine", "linear", "constant", as configurations and the reference name them; throws FormatError for others.
std::string_view schedule_name(ThetaSchedule schedule);
ThetaSchedule schedule_from_name(std::string_view name);

// Fields and their ranges. validate() throws FormatError "sde.FIELD: VALUE: expected RANGE".
void visit(ConfigVisitor& visitor, SdeConfig& config);
void validate(const SdeConfig& config);

class Schedule {
 public:
  // `steps` other than 0 discretises the same process with that many steps, like the published code when it samples in
  // fewer steps (sample_T). Throws FormatError for an invalid configuration, UsageError
  // for more steps than it has.
  explicit Schedule(const SdeConfig& config, int steps = 0);

  int steps() const { return int(theta_.size()) - 1; }
  double time_scale() const { return time_scale_; }  // factor from t to the network's time
  double max_sigma() const { return max_sigma_; }    // in the picture's units
  double dt() const { return dt_; }

  // t is in 0..steps.
  double theta(int t) const { return theta_[size_t(t)]; }
  double theta_sum(int t) const { return theta_sum_[size_t(t)]; }  // Theta_t
  double sigma(int t) const { return max_sigma_ * std::sqrt(2 * theta(t)); }
  double alpha(int t) const { return std::exp(-theta_sum(t) * dt_); }
  double sigma_bar(int t) const { return max_sigma_ * std::sqrt(-std::expm1(-2 * theta_sum(t) * dt_)); }
  double log_snr(int t) const { return std::log(alpha(t) / sigma_bar(t)); }  // t >= 1

 private:
  double max_sigma_, dt_ = 0, time_scale_ = 1;
  std::vector<double> theta_, theta_sum_;
};

// Mean of one reverse Euler step: x_(t-1) = mu + state * (x_t - mu) + noise * predicted. The SDE uses the full score
// (its training loss compares this mean with the posterior's), the ODE half of it.
struct EulerMean {
  double state = 0, noise = 0;
};
EulerMean euler_mean(const Schedule& schedule, int t, double score_share = 1);

// Posterior of an earlier state given x_from and x_0: x_to = mu + state * (x_from - mu) + clean * (x_0 - mu) [+
// deviation * z], 0 <= to < from. Without noise it is the most probable state, which is the training target (IR-SDE,
// Proposition 3.2).
struct Posterior {
  double state = 0, clean = 0, deviation = 0;
};
Posterior posterior(const Schedule& schedule, int from, int to);

}  // namespace daclip
