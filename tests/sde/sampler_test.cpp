#include "sde/sampler.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "sde/noise.h"

namespace daclip {
namespace {

using Values = std::vector<double>;

const Region kRegion{0, 0, 8, 8};

Values picture() {
  Values mu(192);
  for (size_t i = 0; i < mu.size(); ++i) mu[i] = 0.5 + 0.4 * std::sin(double(i));
  return mu;
}

// A stand-in for the network: a smooth function.
void smooth(int step, std::span<const double> x, std::span<double> noise) {
  for (size_t i = 0; i < x.size(); ++i) noise[i] = std::tanh(3 * x[i] - 1) + 0.02 * step;
}

Values sampled(const SamplingPlan& plan, uint64_t seed, const NoisePredictor& predict = smooth) {
  const NoiseField field(seed);
  return sample(plan, picture(), predict, [&](int draw, std::span<double> z) { field.fill(draw, kRegion, 3, z); });
}

std::vector<SamplerKind> all_samplers() {
  std::vector<SamplerKind> all;
  for (const std::string_view name : sampler_names()) all.push_back(sampler_by_name(name));
  return all;
}

TEST(Sampler, names_lead_there_and_back) {
  EXPECT_EQ(all_samplers().size(), 7u);
  for (const SamplerKind sampler : all_samplers()) EXPECT_EQ(sampler_by_name(sampler_name(sampler)), sampler);
  try {
    sampler_by_name("ddim");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("mars-sde-1"), std::string::npos) << error.what();
  }
}

TEST(Sampler, evaluates_the_network_as_often_as_it_says) {
  for (const SamplerKind sampler : all_samplers())
    for (const int steps : {1, 2, 7, 10, 99, 100}) {
      const SamplingPlan plan({}, sampler, steps);
      EXPECT_EQ(plan.evaluations(), steps);
      int calls = 0;
      sampled(plan, 0, [&](int step, std::span<const double>, std::span<double> noise) {
        EXPECT_EQ(step, calls++);
        std::fill(noise.begin(), noise.end(), 0.1);
      });
      EXPECT_EQ(calls, steps) << sampler_name(sampler);
    }
  EXPECT_EQ(SamplingPlan({}, SamplerKind::posterior).evaluations(), 100);
  EXPECT_EQ(SamplingPlan({}, kDefaultSampler).evaluations(), kFewSteps);
}

TEST(Sampler, visits_only_times_that_networks_were_trained_on) {
  for (const SamplerKind sampler : {SamplerKind::posterior, SamplerKind::mars_ode_2, SamplerKind::mars_sde_1})
    for (int steps = 1; steps <= 100; ++steps) {
      const SamplingPlan plan({}, sampler, steps);
      double before = 101;
      for (int i = 0; i < steps; ++i) {
        const double time = plan.network_time(i);
        EXPECT_EQ(time, std::round(time));
        EXPECT_LT(time, before);
        EXPECT_GE(time, 1);
        before = time;
      }
    }
}

TEST(Sampler, mars_sde_1_with_stride_1_is_posterior_sampling) {
  for (const ThetaSchedule kind : {ThetaSchedule::cosine, ThetaSchedule::linear, ThetaSchedule::constant}) {
    const SdeConfig config{.schedule = kind};
    const Values a = sampled(SamplingPlan(config, SamplerKind::mars_sde_1, 100), 3);
    const Values b = sampled(SamplingPlan(config, SamplerKind::posterior, 100), 3);
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-8 * std::abs(b[i]) + 1e-9);
  }
}

TEST(Sampler, a_stride_of_mars_sde_1_is_a_stride_of_posterior_sampling) {
  const Schedule schedule({});
  const std::vector<int> times = {100, 71, 40, 22, 5, 0};
  const Values a = sampled(SamplingPlan(schedule, SamplerKind::mars_sde_1, times), 3);
  const Values b = sampled(SamplingPlan(schedule, SamplerKind::posterior, times), 3);
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-9 * (1 + std::abs(b[i])));
}

TEST(Sampler, the_same_seed_gives_the_same_values_and_another_others) {
  for (const SamplerKind sampler : all_samplers()) {
    const SamplingPlan plan({}, sampler, 12);
    EXPECT_EQ(sampled(plan, 7), sampled(plan, 7));
    EXPECT_NE(sampled(plan, 7), sampled(plan, 8));
  }
}

// With an oracle that knows the clean picture, every sampler except Euler's reaches it in any number of steps.
TEST(Sampler, the_true_noise_leads_to_the_clean_picture) {
  const Values mu = picture();
  Values clean(mu.size());
  for (size_t i = 0; i < mu.size(); ++i) clean[i] = 0.5 + 0.3 * std::cos(double(i * i));
  const Schedule schedule({});
  for (const SamplerKind sampler : all_samplers())
    for (const int steps : {1, 3, 10, 100}) {
      const bool euler = sampler == SamplerKind::sde || sampler == SamplerKind::ode;
      if (euler && steps < 100) continue;
      const SamplingPlan plan({}, sampler, steps);
      const Values out = sampled(plan, 1, [&](int step, std::span<const double> x, std::span<double> noise) {
        const int t = int(plan.network_time(step));
        for (size_t i = 0; i < x.size(); ++i)
          noise[i] = (x[i] - mu[i] - schedule.alpha(t) * (clean[i] - mu[i])) / schedule.sigma_bar(t);
      });
      for (size_t i = 0; i < out.size(); ++i)
        ASSERT_NEAR(out[i], clean[i], euler ? 0.03 : 1e-9) << sampler_name(sampler) << " in " << steps;
    }
}

TEST(Sampler, refuses_steps_and_times_that_the_schedule_does_not_have) {
  for (const SamplerKind sampler : all_samplers()) {
    EXPECT_THROW(SamplingPlan({}, sampler, 101), UsageError);
    EXPECT_THROW(SamplingPlan({}, sampler, -1), UsageError);
  }
  const Schedule schedule({});
  for (const std::vector<int>& times : {std::vector<int>{}, {0}, {101, 0}, {5, 5, 0}, {3, 4, 0}, {9, 1}})
    EXPECT_THROW(SamplingPlan(schedule, SamplerKind::posterior, times), UsageError);
  EXPECT_THROW(SamplingPlan(schedule, SamplerKind::sde, {4, 2, 0}), UsageError);
  Values state(5);
  EXPECT_THROW(sample_from(state, SamplingPlan({}, SamplerKind::ode), picture(), smooth, {}), ShapeError);
}

}  // namespace
}  // namespace daclip
