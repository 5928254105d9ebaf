#include "sde/schedule.h"

#include <gtest/gtest.h>

#include <array>

#include "core/error.h"

namespace daclip {
namespace {

TEST(Schedule, starts_at_the_clean_picture_and_ends_at_eps_of_it) {
  for (const ThetaSchedule kind : {ThetaSchedule::cosine, ThetaSchedule::linear, ThetaSchedule::constant}) {
    const Schedule s({.schedule = kind});
    EXPECT_EQ(s.steps(), 100);
    EXPECT_EQ(s.alpha(0), 1);
    EXPECT_EQ(s.sigma_bar(0), 0);
    EXPECT_NEAR(s.alpha(100), 0.005, 1e-12);
    EXPECT_NEAR(s.sigma_bar(100), 50 / 255.0 * std::sqrt(1 - 0.005 * 0.005), 1e-12);
    for (int t = 2; t <= 100; ++t) EXPECT_LT(s.log_snr(t), s.log_snr(t - 1));
  }
}

TEST(Schedule, takes_deviations_below_one_in_the_pictures_units) {
  EXPECT_EQ(Schedule({.max_sigma = 0.3}).max_sigma(), 0.3);
  EXPECT_EQ(Schedule({.max_sigma = 51}).max_sigma(), 0.2);
}

TEST(Schedule, discretised_in_fewer_steps_spans_the_same_times) {
  const Schedule s({}, 25);
  EXPECT_EQ(s.steps(), 25);
  EXPECT_EQ(s.time_scale() * s.steps(), 100);
  EXPECT_NEAR(s.alpha(25), 0.005, 1e-12);
}

// Going from `from` to `to` directly, or through a time in between, gives the same distribution.
TEST(Schedule, posteriors_compose) {
  const Schedule s({});
  const double x0 = 0.3, xt = -0.7;
  for (const auto& [from, between, to] : {std::array{100, 60, 20}, {57, 56, 3}, {9, 4, 1}, {30, 7, 0}}) {
    const Posterior direct = posterior(s, from, to), first = posterior(s, from, between),
                    second = posterior(s, between, to);
    const double mean = first.state * xt + first.clean * x0;
    EXPECT_NEAR(second.state * mean + second.clean * x0, direct.state * xt + direct.clean * x0, 1e-12);
    EXPECT_NEAR(std::hypot(second.deviation, second.state * first.deviation), direct.deviation, 1e-12);
  }
}

// Forward to t and back to t-1 with the true x_0 preserves the forward distribution.
TEST(Schedule, the_posterior_keeps_the_forward_distribution) {
  const Schedule s({});
  for (int t = 1; t <= 100; ++t) {
    const Posterior p = posterior(s, t, t - 1);
    EXPECT_NEAR(p.state * s.alpha(t) + p.clean, s.alpha(t - 1), 1e-12) << t;
    EXPECT_NEAR(std::hypot(p.deviation, p.state * s.sigma_bar(t)), s.sigma_bar(t - 1), 1e-12) << t;
  }
}

TEST(Schedule, refuses_configurations_that_make_no_sense) {
  for (const SdeConfig& config :
       {SdeConfig{.max_sigma = 0}, SdeConfig{.max_sigma = -1}, SdeConfig{.max_sigma = NAN}, SdeConfig{.steps = 0},
        SdeConfig{.steps = 1 << 20}, SdeConfig{.eps = 0}, SdeConfig{.eps = 1}, SdeConfig{.eps = NAN}})
    EXPECT_THROW(Schedule{config}, FormatError);
  EXPECT_THROW(Schedule({}, 101), UsageError);
  EXPECT_THROW(Schedule({}, -1), UsageError);
}

}  // namespace
}  // namespace daclip
