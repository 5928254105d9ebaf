#include "pipeline/findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace daclip {
namespace {

const std::vector<Finding> kRainAndHaze = {{"rainy", 0.9f, 0.5f}, {"hazy", 0.8f, 0.25f}, {"noisy", 0.1f, 0.4f}};

TEST(Findings, clean_is_the_label_when_no_kind_is_more_probable_than_not) {
  const std::vector<float> nothing = exclusive_probabilities(std::vector<float>{0.1f, 0.45f, 0.2f});
  EXPECT_EQ(std::ranges::max_element(nothing) - nothing.begin(), 3);
  const std::vector<float> something = exclusive_probabilities(std::vector<float>{0.1f, 0.55f, 0.2f});
  EXPECT_EQ(std::ranges::max_element(something) - something.begin(), 1);
  EXPECT_NEAR(std::accumulate(something.begin(), something.end(), 0.f), 1, 1e-6);
}

TEST(Findings, certain_kinds_keep_the_sum_of_the_labels_finite) {
  const std::vector<float> both = exclusive_probabilities(std::vector<float>{1.f, 1.f});
  EXPECT_NEAR(both[0], 0.5, 1e-5);
  EXPECT_NEAR(both[2], 0, 1e-5);
}

TEST(Findings, one_certain_kind_steers_by_its_own_label_and_none_by_clean) {
  const std::vector<float> labels = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  EXPECT_EQ(mixture_context(std::vector<float>{0, 1}, labels), (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(mixture_context(std::vector<float>{0, 0}, labels), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(mixture_context(std::vector<float>{1, 1}, labels), (std::vector<float>{1, 1, 0}));
}

TEST(Findings, are_listed_in_the_order_of_the_labels) {
  const std::vector<std::string> labels = {"hazy", "noisy", "rainy", "clean"};
  EXPECT_EQ(probabilities_of_kinds(kRainAndHaze, labels), (std::vector<float>{0.8f, 0.1f, 0.9f}));
}

TEST(Findings, only_probable_kinds_are_found) {
  EXPECT_EQ(found_kinds(kRainAndHaze), (std::vector<std::string>{"rainy", "hazy"}));
}

TEST(Findings, what_is_left_counts_severity_by_probability) {
  EXPECT_NEAR(remaining_damage(kRainAndHaze), 0.9 * 0.5 + 0.8 * 0.25 + 0.1 * 0.4, 1e-6);
}

TEST(Findings, weak_evidence_repairs_half_and_strong_evidence_repairs_all) {
  EXPECT_FLOAT_EQ(supported_strength(0.5f), kGentle);
  EXPECT_FLOAT_EQ(supported_strength(kDoubtfulTo), kGentle);
  EXPECT_NEAR(supported_strength((kDoubtfulTo + kCertainFrom) / 2), (1 + kGentle) / 2, 1e-6);
  EXPECT_FLOAT_EQ(supported_strength(kCertainFrom), 1);
  EXPECT_TRUE(is_unsure(std::vector<Finding>{{"hazy", 0.55f, 1}}));
  EXPECT_FALSE(is_unsure(kRainAndHaze));
}

}  // namespace
}  // namespace daclip
