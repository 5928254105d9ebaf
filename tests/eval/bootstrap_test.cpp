#include "eval/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace daclip {
namespace {

TEST(Bootstrap, interval_of_normal_values_is_the_textbook_one) {
  Random random(3);
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) values.push_back(20 + 2 * random.normal());
  const Estimate estimate = bootstrap_mean(values, 1);
  double mean = 0, square = 0;
  for (const double v : values) mean += v / 400;
  for (const double v : values) square += (v - mean) * (v - mean) / 400;
  const double error = 1.96 * std::sqrt(square / 400);
  EXPECT_NEAR(estimate.mean, mean, 1e-12);
  EXPECT_NEAR(estimate.low, mean - error, 0.1 * error);
  EXPECT_NEAR(estimate.high, mean + error, 0.1 * error);
  EXPECT_EQ(estimate.count, 400);
}

TEST(Bootstrap, of_two_values_the_ends_are_the_values) {
  const Estimate estimate = bootstrap_mean(std::vector<double>{1, 3}, 0);  // a quarter of the resamples contains only 1
  EXPECT_EQ(estimate.mean, 2);
  EXPECT_EQ(estimate.low, 1);
  EXPECT_EQ(estimate.high, 3);
}

TEST(Bootstrap, equal_seeds_give_equal_intervals_and_others_do_not) {
  const std::vector<double> values = {1, 2, 4, 8, 16, 32, 64};
  EXPECT_EQ(bootstrap_mean(values, 5).low, bootstrap_mean(values, 5).low);
  EXPECT_NE(bootstrap_mean(values, 5).high, bootstrap_mean(values, 6).high);
}

TEST(Bootstrap, one_value_has_no_interval_and_none_no_mean) {
  const Estimate one = bootstrap_mean(std::vector<double>{7}, 0), none = bootstrap_mean({}, 0);
  EXPECT_EQ(one.mean, 7);
  EXPECT_FALSE(one.has_interval());
  EXPECT_TRUE(std::isnan(none.mean));
  EXPECT_FALSE(none.has_interval());
  EXPECT_EQ(none.count, 0);
}

TEST(Bootstrap, infinite_values_are_counted_apart_and_nan_is_none) {
  const double inf = INFINITY;
  const Estimate some = bootstrap_mean(std::vector<double>{inf, 10, NAN, 20, inf}, 0);
  EXPECT_EQ(some.mean, 15);
  EXPECT_EQ(some.count, 2);
  EXPECT_EQ(some.infinite, 2);
  const Estimate all = bootstrap_mean(std::vector<double>{inf, inf}, 0);
  EXPECT_EQ(all.mean, inf);
  EXPECT_FALSE(all.has_interval());
  EXPECT_TRUE(std::isnan(bootstrap_mean(std::vector<double>{NAN}, 0).mean));
}

TEST(Bootstrap, sets_weigh_the_same_in_an_average) {
  const std::vector<std::vector<double>> sets = {{10, 10, 10, 10}, {20}, {NAN}, {}};
  const Estimate average = bootstrap_average(sets, 0);
  EXPECT_EQ(average.mean, 15);
  EXPECT_EQ(average.count, 2);
  EXPECT_EQ(average.low, 15);
  EXPECT_EQ(average.high, 15);
  EXPECT_FALSE(bootstrap_average(std::vector<std::vector<double>>{{1}, {2}}, 0).has_interval());
}

TEST(Bootstrap, the_average_of_one_set_is_its_mean) {
  const std::vector<double> values = {1, 2, 5, 9};
  const Estimate mean = bootstrap_mean(values, 4);
  const Estimate average = bootstrap_average(std::vector<std::vector<double>>{values}, 4);
  EXPECT_EQ(average.mean, mean.mean);
  EXPECT_EQ(average.low, mean.low);
  EXPECT_EQ(average.high, mean.high);
}

}  // namespace
}  // namespace daclip
