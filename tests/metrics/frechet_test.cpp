#include "metrics/frechet.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "metrics_fixtures.h"
#include "weights/safetensors.h"

namespace daclip::test {
namespace {

Gaussian diagonal(const std::vector<double>& mean, const std::vector<double>& variances) {
  Gaussian g{mean, std::vector<double>(mean.size() * mean.size(), 0.0)};
  for (size_t i = 0; i < mean.size(); ++i) g.covariance[i * (mean.size() + 1)] = variances[i];
  return g;
}

Gaussian fitted(size_t count, size_t size, uint64_t seed, float offset = 0) {
  Random random(seed);
  FeatureStatistics statistics;
  for (size_t n = 0; n < count; ++n) {
    std::vector<float> feature(size);
    for (size_t i = 0; i < size; ++i) feature[i] = float(random.normal()) * float(i + 1) + offset;
    statistics.add(feature);
  }
  return statistics.gaussian();
}

TEST(Frechet, of_diagonal_gaussians_is_the_closed_form) {
  const Gaussian a = diagonal({1, 2, 3}, {4, 9, 0.25}), b = diagonal({0, 4, 3}, {1, 16, 0.25});
  // Squared differences of means (1 + 4 + 0) and of standard deviations (1 + 1 + 0).
  EXPECT_NEAR(frechet_distance(a, b), 7, 1e-12);
  EXPECT_NEAR(frechet_distance(b, a), 7, 1e-12);
}

TEST(Frechet, of_a_set_with_itself_is_zero) {
  const Gaussian full = fitted(60, 12, 1), lacking = fitted(6, 12, 2);
  EXPECT_NEAR(frechet_distance(full, full), 0, 1e-9);
  EXPECT_NEAR(frechet_distance(lacking, lacking), 0, 1e-9) << "fewer pictures than features";
}

TEST(Frechet, grows_with_the_shift_of_the_mean) {
  const Gaussian a = fitted(80, 8, 3), b = fitted(80, 8, 3, 2);
  EXPECT_NEAR(frechet_distance(a, b), 8 * 2 * 2, 1e-3);
}

TEST(Frechet, is_symmetric_for_sets_of_different_rank) {
  const Gaussian a = fitted(60, 12, 4), b = fitted(7, 12, 5);
  const double distance = frechet_distance(a, b);
  EXPECT_GT(distance, 1);
  EXPECT_NEAR(frechet_distance(b, a), distance, 1e-8 * distance);
}

TEST(Frechet, refuses_what_does_not_fit) {
  EXPECT_THROW(frechet_distance(fitted(5, 3, 1), fitted(5, 4, 1)), ShapeError);
  EXPECT_THROW(frechet_distance({}, {}), ShapeError);
  EXPECT_THROW(frechet_distance({{1, 2}, {1}}, fitted(5, 2, 1)), ShapeError);
  EXPECT_THROW(frechet_distance(diagonal({1, NAN}, {1, 1}), diagonal({1, 1}, {1, 1})), FormatError);
  EXPECT_THROW(frechet_distance(diagonal({1, 1}, {1, 1}), diagonal({1, 1}, {HUGE_VAL, 1})), FormatError);
}

TEST(FeatureStatistics, give_mean_and_unbiased_covariance) {
  FeatureStatistics statistics;
  const std::vector<std::vector<float>> features = {{1, 10}, {2, 14}, {6, 12}, {3, 4}};
  for (const auto& feature : features) statistics.add(feature);
  EXPECT_EQ(statistics.count(), 4u);
  const Gaussian g = statistics.gaussian();
  EXPECT_NEAR(g.mean[0], 3, 1e-14);
  EXPECT_NEAR(g.mean[1], 10, 1e-14);
  const double expected[] = {14.0 / 3, 2.0 / 3, 2.0 / 3, 56.0 / 3};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(g.covariance[i], expected[i], 1e-13) << i;
}

TEST(FeatureStatistics, refuse_too_few_and_features_of_another_length) {
  FeatureStatistics statistics;
  EXPECT_THROW(statistics.gaussian(), UsageError);
  statistics.add(std::vector<float>{1, 2});
  EXPECT_THROW(statistics.gaussian(), UsageError);
  EXPECT_THROW(statistics.add(std::vector<float>{1}), ShapeError);
  EXPECT_THROW(FeatureStatistics().add({}), ShapeError);
}

class FrechetGolden : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path file = folder_from("DACLIP_GOLDEN_DIR", "../shared/golden") / "metrics/fid/cases.safetensors";
    if (!fs::exists(file)) GTEST_SKIP() << file << " is not there";
    cases_ = read_safetensors(file);
  }
  Gaussian gaussian(const std::string& name, char which) const {
    return {cases_.at(cat(name, ".mu", which)).to_doubles(), cases_.at(cat(name, ".sigma", which)).to_doubles()};
  }

  NamedArrays cases_;
};

TEST_F(FrechetGolden, distances_equal_the_reference) {
  for (const char* name : {"d16", "d64", "d64_lowrank"}) {
    const double expected = cases_.at(cat(name, ".fid")).to_doubles()[0];
    const double tolerance = std::string(name) == "d64_lowrank" ? 1e-7 : 1e-9;
    const double found = frechet_distance(gaussian(name, '1'), gaussian(name, '2'));
    EXPECT_NEAR(found, expected, tolerance * expected) << name;
    RecordProperty(name, cat("relative error ", std::abs(found - expected) / expected));
  }
  EXPECT_NEAR(frechet_distance(gaussian("d16_same", '1'), gaussian("d16_same", '2')), 0, 1e-10);
}

TEST_F(FrechetGolden, statistics_of_activations_equal_the_reference) {
  for (const char which : {'1', '2'}) {
    const NamedArray& activations = cases_.at(cat("d16.acts", which));
    const std::vector<float> values = activations.to_floats();  // the reference is float64; float32 loses 6e-8
    FeatureStatistics statistics;
    for (size_t i = 0; i < values.size(); i += 16) statistics.add({&values[i], 16});
    const Gaussian found = statistics.gaussian(), expected = gaussian("d16", which);
    double largest = 0;
    for (const double v : expected.covariance) largest = std::max(largest, std::abs(v));
    for (size_t i = 0; i < 16; ++i) EXPECT_NEAR(found.mean[i], expected.mean[i], 1e-7) << i;
    for (size_t i = 0; i < 256; ++i) EXPECT_NEAR(found.covariance[i], expected.covariance[i], 1e-7 * largest) << i;
  }
}

}  // namespace
}  // namespace daclip::test
