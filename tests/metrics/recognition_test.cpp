#include "metrics/recognition.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace daclip {
namespace {

TEST(Recognition, counts_hits_confusion_and_mistakes) {
  const std::vector<RecognisedPicture> pictures = {
      {{0}, {0}, 0.9}, {{0}, {1}, 0.6}, {{0}, {1}, 0.7}, {{1}, {1}, 0.8}, {{1}, {0}, 0.5}};
  const RecognitionReport report = report_recognition(pictures, 3);
  EXPECT_EQ(report.count, 5);
  EXPECT_EQ(report.hits, 2);
  EXPECT_DOUBLE_EQ(report.accuracy, 0.4);
  EXPECT_EQ(report.confusion, (std::vector<std::vector<int64_t>>{{1, 2, 0}, {1, 1, 0}, {0, 0, 0}}));
  EXPECT_DOUBLE_EQ(report.per_label[0], 1.0 / 3);
  EXPECT_DOUBLE_EQ(report.per_label[1], 0.5);
  EXPECT_TRUE(std::isnan(report.per_label[2]));
  EXPECT_DOUBLE_EQ(report.macro_accuracy, (1.0 / 3 + 0.5) / 2);
  ASSERT_EQ(report.confused.size(), 2u);
  EXPECT_EQ(report.confused[0].truth, 0);
  EXPECT_EQ(report.confused[0].predicted, 1);
  EXPECT_EQ(report.confused[0].count, 2);
}

TEST(Recognition, calibration_error_weighs_bins_by_their_pictures) {
  // Bin (0.8, 0.9]: three of confidence 0.85, one correct. Bin (0.1, 0.2]: one of confidence 0.2, correct.
  const std::vector<RecognisedPicture> pictures = {
      {{0}, {0}, 0.85}, {{0}, {1}, 0.85}, {{0}, {1}, 0.85}, {{1}, {1}, 0.2}};
  const RecognitionReport report = report_recognition(pictures, 2);
  EXPECT_NEAR(report.ece, 0.75 * (0.85 - 1.0 / 3) + 0.25 * 0.8, 1e-12);
  ASSERT_EQ(report.reliability.size(), 10u);
  EXPECT_EQ(report.reliability[1].count, 1);
  EXPECT_EQ(report.reliability[8].count, 3);
  EXPECT_NEAR(report.reliability[8].accuracy, 1.0 / 3, 1e-12);
}

TEST(Recognition, the_ends_of_the_range_have_bins) {
  const RecognitionReport report =
      report_recognition(std::vector<RecognisedPicture>{{{0}, {0}, 0}, {{0}, {0}, 1}}, 1, 4);
  EXPECT_EQ(report.reliability.front().count, 1);
  EXPECT_EQ(report.reliability.back().count, 1);
  EXPECT_DOUBLE_EQ(report.ece, 0.5);
}

TEST(Recognition, of_several_right_labels_one_is_enough_for_a_hit) {
  const std::vector<RecognisedPicture> pictures = {{{0, 1}, {1, 0, 2}, 0.5},  // both found
                                                   {{0, 1}, {0, 2, 1}, 0.5},  // hit, half found
                                                   {{0, 1}, {2, 0, 1}, 0.5},  // miss, half found
                                                   {{0, 2}, {2}, 0.5}};       // hit; only the best label is known
  const RecognitionReport report = report_recognition(pictures, 3);
  EXPECT_EQ(report.mixed, 4);
  EXPECT_EQ(report.mixed_hits, 3);
  EXPECT_EQ(report.hits, 3);
  EXPECT_EQ(report.mixed_ranked, 3);
  EXPECT_DOUBLE_EQ(report.mixed_recall, (1 + 0.5 + 0.5) / 3);
  EXPECT_DOUBLE_EQ(report.mixed_exact, 1.0 / 3);
  EXPECT_TRUE(std::isnan(report.macro_accuracy));  // no picture has a single label
}

TEST(Recognition, without_pictures_fractions_are_nan) {
  const RecognitionReport report = report_recognition({}, 2);
  EXPECT_TRUE(std::isnan(report.accuracy));
  EXPECT_TRUE(std::isnan(report.ece));
  EXPECT_TRUE(report.confused.empty());
}

TEST(Recognition, refuses_invalid_values) {
  const auto one = [](RecognisedPicture picture) { return report_recognition(std::vector{std::move(picture)}, 2); };
  EXPECT_THROW(one({{}, {0}, 0.5}), UsageError);
  EXPECT_THROW(one({{0}, {}, 0.5}), UsageError);
  EXPECT_THROW(one({{2}, {0}, 0.5}), UsageError);
  EXPECT_THROW(one({{0}, {-1}, 0.5}), UsageError);
  EXPECT_THROW(one({{0}, {0}, 1.5}), UsageError);
  EXPECT_THROW(one({{0}, {0}, std::nan("")}), UsageError);
  EXPECT_THROW(report_recognition({}, 0), UsageError);
}

TEST(Recognition, wilson_intervals_are_the_published_formula) {
  const Share most = wilson_interval(9, 10), all = wilson_interval(10, 10), none = wilson_interval(0, 0);
  EXPECT_NEAR(most.low, 0.59585, 1e-5);  // computed by hand from Wilson's formula (1927)
  EXPECT_NEAR(most.high, 0.98212, 1e-5);
  EXPECT_NEAR(all.low, 0.72247, 1e-5);
  EXPECT_DOUBLE_EQ(all.high, 1);
  EXPECT_EQ(none.low, 0);
  EXPECT_EQ(none.high, 1);
}

}  // namespace
}  // namespace daclip
