#include "pipeline/label_mixture.h"

#include <gtest/gtest.h>

#include <cmath>

namespace daclip {
namespace {

TEST(LabelProbabilities, sum_to_one_and_follow_the_cosine) {
  const std::vector<float> labels = {1, 0, 0, 1}, direction = {2, 2};
  const std::vector<float> even = label_probabilities(direction, labels, 10);
  EXPECT_NEAR(even[0], 0.5, 1e-6);
  const std::vector<float> tilted = label_probabilities(std::vector<float>{2, 0}, labels, 10);
  EXPECT_NEAR(tilted[0], 1 / (1 + std::exp(-10.0)), 1e-6);
}

TEST(LabelProbabilities, a_bias_multiplies_its_labels_odds) {
  const std::vector<float> labels = {1, 0, 0, 1}, direction = {2, 2}, bias = {0, std::log(4.f)};
  EXPECT_NEAR(label_probabilities(direction, labels, 10, bias)[1], 0.8, 1e-6);
}

TEST(LabelMixture, weights_the_labels_by_their_probabilities) {
  const std::vector<float> labels = {1, 0, 0, 1};
  const std::vector<float> sure = label_mixture(std::vector<float>{7, 0}, labels, 30);
  EXPECT_NEAR(sure[0], 1, 1e-6);
  EXPECT_NEAR(sure[1], 0, 1e-6);
  const std::vector<float> unsure = label_mixture(std::vector<float>{3, 3}, labels, 30);
  EXPECT_NEAR(unsure[0], 0.5, 1e-6);
  EXPECT_NEAR(unsure[1], 0.5, 1e-6);
}

TEST(LabelMixture, of_a_zero_embedding_is_zero) {
  EXPECT_EQ(label_mixture(std::vector<float>{0, 0}, std::vector<float>{1, 0, 0, 1}, 30), (std::vector<float>{0, 0}));
}

}  // namespace
}  // namespace daclip
