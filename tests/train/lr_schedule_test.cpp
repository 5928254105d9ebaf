#include "train/lr_schedule.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace daclip {
namespace {

OptimizerConfig with_schedule(const std::string& name) {
  OptimizerConfig config;
  config.schedule = name;
  config.lr = 0.1;
  config.lr_end = 0.01;
  config.warmup = 10;
  config.cooldown = 20;
  config.cooldown_power = 2;
  config.periods = {30, 40};
  config.restarts = {50};
  config.restart_weights = {0.5};
  config.milestones = {20, 60};
  config.gamma = 0.1;
  return config;
}

TEST(LearningRate, takes_each_schedules_parameters_from_the_configuration) {
  const auto rate = [](const char* name, int64_t step) { return learning_rate(with_schedule(name), step, 100); };
  EXPECT_EQ(rate("warmup_cosine", 4), 0.05);
  EXPECT_NEAR(rate("warmup_cosine", 55), 0.055, 1e-12);
  EXPECT_EQ(rate("warmup_constant", 99), 0.1);
  EXPECT_EQ(rate("warmup_cooldown", 79), 0.1);
  EXPECT_NEAR(rate("warmup_cooldown", 90), 0.01 + 0.09 / 4, 1e-12);
  EXPECT_NEAR(rate("cosine_annealing", 50), 0.055, 1e-12);
  EXPECT_NEAR(rate("cosine_restart", 15), 0.055, 1e-12);
  EXPECT_NEAR(rate("cosine_restart", 70), 0.03, 1e-12);  // middle of 40 steps from 0.05 to 0.01
  EXPECT_NEAR(rate("multi_step_restart", 20), 0.01, 1e-12);
  EXPECT_NEAR(rate("multi_step_restart", 50), 0.05, 1e-12);
  EXPECT_NEAR(rate("multi_step_restart", 60), 0.005, 1e-12);
  EXPECT_THROW(rate("step", 0), UsageError);
}

TEST(LearningRate, restarts_at_the_full_rate_where_no_weights_are_given) {
  OptimizerConfig config = with_schedule("multi_step_restart");
  config.restart_weights.clear();
  EXPECT_EQ(learning_rate(config, 50, 100), 0.1);
}

TEST(LearningRate, is_positive_for_every_schedule_at_every_step) {
  for (const std::string_view name : schedule_names())
    for (int64_t step = 0; step < 100; ++step)
      EXPECT_GT(learning_rate(with_schedule(std::string(name)), step, 100), 0) << name << " " << step;
}

}  // namespace
}  // namespace daclip
