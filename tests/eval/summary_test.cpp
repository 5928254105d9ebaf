#include "eval/summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/labels.h"
#include "eval/paper_numbers.h"
#include "eval/sample_results.h"

namespace daclip::test {
namespace {

TEST(Summary, means_and_gains_of_each_set_and_method) {
  const Summary summary = summarise(sample_results(), {});
  EXPECT_EQ(summary.methods, (std::vector<std::string>{"ours", "other_one"}));
  ASSERT_EQ(summary.sets.size(), 4u);
  const SetSummary& noisy = summary.sets[0];
  EXPECT_EQ(noisy.dataset, "CBSD68");
  EXPECT_EQ(noisy.method, "ours");
  EXPECT_EQ(noisy.of(Column::psnr).mean, 27);
  EXPECT_EQ(noisy.of(Column::gain).mean, 12);
  EXPECT_EQ(noisy.of(Column::psnr_input).mean, 15);
  EXPECT_EQ(noisy.of(Column::recognised).mean, 0.5);
  EXPECT_EQ(noisy.of(Column::lpips).count, 0);
  EXPECT_EQ(summary.sets[1].method, "other_one");
}

TEST(Summary, finds_a_methods_row_of_a_set) {
  const Summary summary = summarise(sample_results(), {});
  EXPECT_EQ(summary.find("CBSD68", "other_one"), &summary.sets[1]);
  EXPECT_EQ(summary.find("CBSD68", "nobody"), nullptr);
}

TEST(Summary, failed_images_are_counted_and_measured_nowhere) {
  const Summary summary = summarise(sample_results(), {});
  EXPECT_EQ(summary.sets[2].images, 3);
  EXPECT_EQ(summary.sets[2].failed, 1);
  EXPECT_EQ(summary.sets[2].of(Column::psnr).mean, 21);
  EXPECT_EQ(summary.sets[2].of(Column::psnr).count, 2);
}

TEST(Summary, averages_are_over_sets_that_all_methods_have) {
  std::vector<Result> results = sample_results();
  results.push_back(sample_result("LOL", "low-light", "x", "ours", 40, 8));
  const Summary summary = summarise(results, {});
  ASSERT_EQ(summary.averages.size(), 2u);
  EXPECT_EQ(summary.averages[0].of(Column::psnr).mean, 24);
  EXPECT_EQ(summary.averages[0].of(Column::psnr).count, 2);
  EXPECT_EQ(summary.averages[1].of(Column::psnr).mean, 24);
  EXPECT_EQ(summary.averages[0].of(Column::recognised).mean, 0.75);  // the other method does not classify
  EXPECT_EQ(summary.averages[1].of(Column::recognised).count, 0);
}

TEST(Summary, averages_stay_within_groups) {
  ReportOptions options;
  options.datasets["CBSD68"].group = "synthetic";
  const Summary summary = summarise(sample_results(), options);
  EXPECT_EQ(summary.groups, (std::vector<std::string>{"synthetic", ""}));
  EXPECT_TRUE(summary.averages.empty());
}

TEST(Summary, equal_pictures_have_no_gain_and_stay_out_of_the_mean) {
  const std::vector<Result> results = {sample_result("clean", "clean", "a", "m", INFINITY, INFINITY),
                                       sample_result("clean", "clean", "b", "m", 40, INFINITY)};
  const Summary summary = summarise(results, {});
  EXPECT_EQ(summary.sets[0].of(Column::psnr).mean, 40);
  EXPECT_EQ(summary.sets[0].of(Column::psnr).infinite, 1);
  EXPECT_EQ(summary.sets[0].of(Column::gain).count, 0);
}

TEST(Summary, recognition_ranks_labels_by_probability) {
  Result r = sample_result("mixed", "rainy+hazy", "a", "m", 20, 10);
  r.truth = {"rainy", "hazy"};
  r.predicted = "hazy", r.confidence = 0.5;
  r.probabilities = {{"hazy", 0.5}, {"snowy", 0.1}, {"rainy", 0.4}};
  Result unknown = sample_result("own", "foggy", "a", "m", 20, 10);
  unknown.predicted = "hazy", unknown.confidence = 0.5;
  const std::vector<MethodRecognition> all = summarise_recognition({r, unknown});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].report.mixed_exact, 1);
  EXPECT_EQ(all[0].report.hits, 1);
  ASSERT_EQ(all[0].labels.size(), kLabels.size() + 1);
  EXPECT_EQ(all[0].labels.back(), "foggy");
}

TEST(Summary, json_contains_everything) {
  const std::vector<Result> results = sample_results();
  const auto json = nlohmann::json::parse(summary_json(summarise(results, {}), summarise_recognition(results)));
  EXPECT_EQ(json["sets"][0]["psnr"]["mean"], 27);
  EXPECT_EQ(json["sets"][0]["psnr"]["low"], 26);
  EXPECT_FALSE(json["sets"][0].contains("lpips"));
  EXPECT_EQ(json["averages"][1]["method"], "other_one");
  EXPECT_EQ(json["recognition"][0]["hits"], 3);
  EXPECT_EQ(json["recognition"][0]["confused"][0]["predicted"], "jpeg-compressed");
}

TEST(PaperNumbers, are_found_by_table_and_set) {
  EXPECT_EQ(paper_number("9 unified", "noisy", "NAFNet + DA-CLIP", "PSNR"), "27.43");
  EXPECT_EQ(paper_number("2 Rain100H", "rainy", "IR-SDE", "LPIPS"), "0.047");
  EXPECT_EQ(paper_number("4 raindrop", "raindrop", "DA-CLIP", "accuracy %"), "100");
  EXPECT_FALSE(paper_number("9 unified", "noisy", "NAFNet + DA-CLIP", "FID").empty());  // Table 12, one table with 9
  EXPECT_EQ(paper_number("9 unified", "noisy", "nobody", "PSNR"), "");
  EXPECT_THROW(paper_number("9 Rain100H", "rainy", "IR-SDE", "PSNR"), UsageError);
  EXPECT_THROW(paper_number("", "", "", ""), UsageError);
  EXPECT_EQ(paper_numbers().size(), 585u);
}

}  // namespace
}  // namespace daclip::test
