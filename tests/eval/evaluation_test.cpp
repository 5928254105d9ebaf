// Methods on small sets of pictures: rows, errors, continuing after an interruption, kept files.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "eval/run.h"
#include "image/io.h"
#include "metrics/lpips.h"
#include "metrics/metrics_fixtures.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"
#include "ops/naive.h"
#include "pipeline/test_photo.h"

namespace daclip::test {
namespace {

class EvaluationTest : public testing::Test {
 protected:
  EvaluationTest() {
    options_.measures.metrics = {"psnr", "ssim"};
    for (const char* name : {"a", "b", "c"}) pair("rainy", name, 48, 40);
    pair("noisy_more", "d", 40, 36);
  }

  void picture(const fs::path& path, int width, int height, uint64_t seed) {
    fs::create_directories(path.parent_path());
    write_image(path, test_photo(width, height, seed), image_format("png"));
  }
  void pair(const std::string& set, const std::string& name, int width, int height) {
    picture(root() / set / "LQ" / (name + ".png"), width, height, ++seed_);
    picture(root() / set / "GT" / (name + ".png"), width, height, ++seed_);
  }

  fs::path root() const { return folder_ / "sets"; }
  fs::path report() const { return folder_ / "report"; }

  // Returns its input slightly darkened.
  Method darker(const std::string& name = "darker") {
    return {name, "identity of " + name, true, [this](const TestSet& set, size_t, const Image& lq, const auto&) {
              ++runs_;
              if (set.name == "rainy" && lq.width == bad_width_) throw IoError("no such luck");
              FloatImage rgb = to_rgb(lq);
              for (float& v : rgb.data) v *= 0.9f;
              MethodOutput output;
              output.image = from_rgb(rgb);
              output.predicted = "rainy";
              output.confidence = 0.75;
              output.probabilities = {{"rainy", 0.75}, {"noisy", 0.25}};
              return output;
            }};
  }

  Method perfect() {
    return {"perfect", "the truth", false, [](const TestSet& set, size_t index, const Image&, const auto&) {
              MethodOutput output;
              output.image = from_rgb(*load_pair(set, index).gt);
              return output;
            }};
  }

  Evaluation evaluation(std::vector<Method> methods) {
    options_.report = report();
    options_.backend = [] { return std::make_unique<NaiveBackend>(); };
    return Evaluation(read_test_sets(root()), std::move(methods), options_);
  }

  EvalOutcome run(std::vector<Method> methods) { return run(evaluation(std::move(methods))); }
  EvalOutcome run(Evaluation subject) {
    notices_ = subject.notices();
    problems_ = subject.problems();
    return subject.run(
        {[](size_t, double, const std::string&) {}, [this](const std::string& e) { errors_.push_back(e); }});
  }

  void metric_weights() {
    options_.measures.weights = folder_ / "weights";
    fs::create_directories(options_.measures.weights);
    write_safetensors(options_.measures.weights / "alexnet.safetensors", random_net(PerceptualNet::alex, 1));
    write_safetensors(options_.measures.weights / "alex.safetensors", random_heads(PerceptualNet::alex, 2));
  }

  static const Result& row(const EvalOutcome& outcome, const std::string& image, const std::string& method = "darker") {
    for (const Result& r : outcome.results)
      if (r.image == image && r.method == method) return r;
    throw IoError("no row of " + image + " and " + method);
  }

  TempFolder folder_;
  EvalOptions options_;
  uint64_t seed_ = 0;
  int bad_width_ = 0;
  std::atomic<int> runs_ = 0;
  std::vector<std::string> notices_, problems_, errors_;
};

TEST_F(EvaluationTest, rows_hold_what_the_metrics_say) {
  const EvalOutcome outcome = run({darker()});
  ASSERT_EQ(outcome.results.size(), 4u);
  EXPECT_EQ(outcome.done, 4u);
  EXPECT_EQ(outcome.failed, 0u);
  const FloatImage lq = to_rgb(read_image(root() / "rainy/LQ/b.png")),
                   gt = to_rgb(read_image(root() / "rainy/GT/b.png"));
  const FloatImage out = to_rgb(read_image(picture_path(report(), "rainy", "b", "darker")));
  const Result& r = row(outcome, "b");
  EXPECT_EQ(r.dataset, "rainy");
  EXPECT_EQ(r.degradation, "rainy");
  EXPECT_EQ(r.truth, std::vector<std::string>{"rainy"});
  EXPECT_EQ(r.psnr, daclip::psnr(out, gt));
  EXPECT_EQ(r.psnr_y, psnr_y(out, gt));
  EXPECT_EQ(r.ssim, ssim(out, gt));
  EXPECT_EQ(r.ssim_y, ssim_y(out, gt));
  EXPECT_EQ(r.psnr_input, daclip::psnr(lq, gt));
  EXPECT_EQ(r.ssim_input, ssim(lq, gt));
  EXPECT_FALSE(r.lpips);
  EXPECT_EQ(r.predicted, "rainy");
  EXPECT_EQ(r.confidence, 0.75);
  EXPECT_EQ(r.probabilities.at("noisy"), 0.25);
  EXPECT_GT(r.seconds, 0);
  EXPECT_GT(outcome.seconds, outcome.network_seconds);
  EXPECT_GT(outcome.network_seconds, 0);
}

TEST_F(EvaluationTest, rows_come_by_set_then_method_then_image) {
  const EvalOutcome outcome = run({perfect(), darker()});
  std::string order;
  for (const Result& r : outcome.results) order += r.dataset + "/" + r.method + "/" + r.image + " ";
  EXPECT_EQ(order,
            "noisy_more/perfect/d noisy_more/darker/d rainy/perfect/a rainy/perfect/b rainy/perfect/c "
            "rainy/darker/a rainy/darker/b rainy/darker/c ");
  EXPECT_EQ(row(outcome, "a", "perfect").psnr, INFINITY);
  EXPECT_EQ(row(outcome, "a", "perfect").seconds, 0) << "no network";
}

TEST_F(EvaluationTest, several_workers_find_the_same) {
  metric_weights();
  options_.measures.metrics = {"psnr", "ssim", "lpips", "frechet-alex"};
  const EvalOutcome one = run({darker(), perfect()});
  options_.workers = 3;
  options_.fresh = true;
  const EvalOutcome several = run({darker(), perfect()});
  ASSERT_EQ(one.results.size(), several.results.size());
  for (size_t i = 0; i < one.results.size(); ++i) {
    EXPECT_EQ(one.results[i].psnr, several.results[i].psnr);
    EXPECT_EQ(one.results[i].ssim_y, several.results[i].ssim_y);
    EXPECT_EQ(one.results[i].lpips, several.results[i].lpips);
    EXPECT_EQ(one.results[i].lpips_input, several.results[i].lpips_input);
  }
  ASSERT_EQ(one.figures.size(), several.figures.size());
  for (size_t i = 0; i < one.figures.size(); ++i) EXPECT_EQ(one.figures[i].value, several.figures[i].value);
}

TEST_F(EvaluationTest, an_error_of_one_image_is_its_rows_and_the_rest_goes_on) {
  pair("rainy", "b2", 30, 30);
  write_file_atomically(root() / "rainy/LQ/c.png", {});
  bad_width_ = 30;
  const EvalOutcome outcome = run({darker()});
  EXPECT_EQ(outcome.results.size(), 5u);
  EXPECT_EQ(outcome.failed, 2u);
  EXPECT_EQ(row(outcome, "b2").error, "no such luck");
  EXPECT_FALSE(row(outcome, "b2").psnr);
  EXPECT_NE(row(outcome, "c").error.find("c.png"), std::string::npos);
  EXPECT_TRUE(row(outcome, "b").error.empty());
  EXPECT_EQ(errors_.size(), 2u);
}

TEST_F(EvaluationTest, partners_of_another_size_are_errors_in_their_rows) {
  picture(root() / "rainy/GT/a.png", 20, 20, 1);
  const EvalOutcome outcome = run({darker()});
  EXPECT_NE(row(outcome, "a").error.find("20x20"), std::string::npos);
  EXPECT_TRUE(row(outcome, "b").error.empty());
}

TEST_F(EvaluationTest, missing_partners_are_reported_by_name) {
  fs::remove(root() / "rainy/GT/b.png");
  EXPECT_EQ(run({darker()}).results.size(), 3u);
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_NE(problems_[0].find("LQ/b.png"), std::string::npos);
}

TEST_F(EvaluationTest, a_second_run_does_only_what_is_missing) {
  bad_width_ = 48;
  const EvalOutcome first = run({darker()});
  EXPECT_EQ(first.failed, 3u);
  EXPECT_EQ(runs_, 4);
  bad_width_ = 0;
  Evaluation again = evaluation({darker(), perfect()});
  EXPECT_EQ(again.pending(), 3u + 4u);
  const EvalOutcome second = run(std::move(again));
  EXPECT_EQ(runs_, 4 + 3);
  EXPECT_EQ(second.kept, 1u);
  EXPECT_EQ(second.results.size(), 8u);
  for (const Result& r : second.results) EXPECT_TRUE(r.error.empty()) << r.image;
  EXPECT_EQ(evaluation({darker(), perfect()}).pending(), 0u);
}

TEST_F(EvaluationTest, a_limit_is_extended_later) {
  options_.limit = 2;
  EXPECT_EQ(run({darker()}).results.size(), 3u);
  options_.limit = 0;
  const EvalOutcome all = run({darker()});
  EXPECT_EQ(all.results.size(), 4u);
  EXPECT_EQ(all.kept, 3u);
}

TEST_F(EvaluationTest, a_line_that_was_broken_off_is_done_again) {
  const EvalOutcome first = run({darker()});
  const fs::path lines = report() / "results.jsonl";
  fs::resize_file(lines, fs::file_size(lines) - 20);
  runs_ = 0;
  const EvalOutcome second = run({darker()});
  EXPECT_EQ(runs_, 1);
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_NE(notices_[0].find("line 4"), std::string::npos);
  ASSERT_EQ(second.results.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(second.results[i].psnr, first.results[i].psnr);
  run({darker()});
  EXPECT_TRUE(notices_.empty());
}

TEST_F(EvaluationTest, rows_of_other_settings_are_not_mixed) {
  run({darker()});
  const auto expect_refused = [&](std::vector<Method> methods, const std::string& words) {
    try {
      evaluation(std::move(methods));
      ADD_FAILURE() << words;
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("--fresh"), std::string::npos) << error.what();
    }
  };
  options_.measures.crop_border = 4;
  expect_refused({darker()}, "--crop-border was 0, now 4");
  options_.measures.crop_border = 0;
  options_.measures.metrics = {"psnr"};
  expect_refused({darker()}, "metrics");
  options_.measures.metrics = {"psnr", "ssim"};
  Method other = darker();
  other.identity = "retrained";
  expect_refused({other}, "retrained");
  options_.fresh = true;
  EXPECT_EQ(evaluation({other}).pending(), 4u);
}

TEST_F(EvaluationTest, settings_that_are_damaged_are_refused) {
  run({darker()});
  std::ofstream(report() / "settings.json") << "{}";
  EXPECT_THROW(evaluation({darker()}), FormatError);
}

TEST_F(EvaluationTest, metrics_without_weights_are_reported_and_stay_empty) {
  options_.measures.metrics = {"psnr", "lpips", "frechet-alex"};
  const EvalOutcome outcome = run({darker()});
  ASSERT_EQ(notices_.size(), 2u);
  EXPECT_NE(notices_[0].find("without lpips"), std::string::npos) << notices_[0];
  EXPECT_NE(notices_[1].find("without frechet-alex"), std::string::npos) << notices_[1];
  EXPECT_TRUE(row(outcome, "a").psnr);
  EXPECT_FALSE(row(outcome, "a").ssim) << "not asked for";
  EXPECT_FALSE(row(outcome, "a").lpips);
  EXPECT_TRUE(outcome.figures.empty());
  EXPECT_EQ(outcome.failed, 0u);
}

TEST_F(EvaluationTest, unknown_metrics_are_refused) {
  options_.measures.metrics = {"psnr", "beauty"};
  EXPECT_THROW(evaluation({darker()}), UsageError);
}

TEST_F(EvaluationTest, networks_measure_images_and_sets) {
  metric_weights();
  options_.measures.metrics = {"lpips", "frechet-alex"};
  const EvalOutcome outcome = run({darker(), perfect()});
  EXPECT_TRUE(notices_.empty());
  NaiveBackend backend;
  Lpips lpips(backend, options_.measures.weights);
  const FloatImage gt = to_rgb(read_image(root() / "rainy/GT/a.png"));
  const FloatImage out = to_rgb(read_image(picture_path(report(), "rainy", "a", "darker")));
  EXPECT_NEAR(row(outcome, "a").lpips.value(), lpips.distance(out, gt), 1e-12);
  EXPECT_GT(row(outcome, "a").lpips_input.value(), 0);
  EXPECT_EQ(row(outcome, "a", "perfect").lpips, 0);

  FrechetFeatures features(backend, options_.measures.weights, FrechetFeatures::Net::alex);
  FeatureStatistics truths, outputs;
  for (const char* name : {"a", "b", "c"}) {
    truths.add(features(to_rgb(read_image(root() / "rainy/GT" / (std::string(name) + ".png")))));
    outputs.add(features(to_rgb(read_image(picture_path(report(), "rainy", name, "darker")))));
  }
  const double expected = frechet_distance(truths.gaussian(), outputs.gaussian());
  std::map<std::string, double> found;
  for (const SetFigure& f : outcome.figures) {
    EXPECT_EQ(f.dataset, "rainy") << "the other set has one image: no covariance";
    EXPECT_EQ(f.images, 3);
    EXPECT_EQ(f.name, "frechet-alex");
    found[f.method] = f.value;
  }
  ASSERT_EQ(found.size(), 3u);
  EXPECT_NEAR(found["darker"], expected, 1e-3 * expected);
  EXPECT_NEAR(found["perfect"], 0, 1e-6 * expected);
  EXPECT_GT(found["input"], 0);

  runs_ = 0;
  const EvalOutcome again = run({darker(), perfect()});
  EXPECT_EQ(runs_, 0);
  ASSERT_EQ(again.figures.size(), outcome.figures.size()) << "kept with the rows";
  for (size_t i = 0; i < again.figures.size(); ++i) EXPECT_EQ(again.figures[i].value, outcome.figures[i].value);
}

TEST_F(EvaluationTest, photos_without_truth_have_no_scores) {
  fs::remove_all(root() / "rainy/GT");
  const EvalOutcome outcome = run({darker()});
  EXPECT_FALSE(row(outcome, "a").psnr);
  EXPECT_FALSE(row(outcome, "a").psnr_input);
  EXPECT_EQ(row(outcome, "a").predicted, "rainy");
  EXPECT_TRUE(row(outcome, "a").error.empty());
}

TEST_F(EvaluationTest, single_pixels_and_odd_sizes_are_measured_as_far_as_they_go) {
  pair("rainy", "tiny", 1, 1);
  pair("rainy", "odd", 37, 11);
  metric_weights();
  options_.measures.metrics = {"psnr", "ssim", "lpips", "frechet-alex"};
  options_.measures.crop_border = 0;
  const EvalOutcome outcome = run({darker()});
  EXPECT_EQ(outcome.failed, 0u);
  EXPECT_TRUE(row(outcome, "tiny").psnr);
  EXPECT_FALSE(row(outcome, "tiny").ssim);
  EXPECT_TRUE(row(outcome, "odd").ssim);
  EXPECT_FALSE(row(outcome, "odd").lpips);
}

TEST_F(EvaluationTest, pictures_are_kept_by_default) {
  Evaluation subject = evaluation({darker()});
  subject.run({[](size_t, double, const std::string&) {}, [](const std::string&) {}});
  EXPECT_EQ(read_image(picture_path(report(), "noisy_more", "d", "darker")).width, 40);
  subject.write_originals({{"rainy", "b"}, {"rainy", "none"}});
  EXPECT_EQ(read_image(picture_path(report(), "rainy", "b", "input")).data, read_image(root() / "rainy/LQ/b.png").data);
  EXPECT_EQ(read_image(picture_path(report(), "rainy", "b", "truth")).data, read_image(root() / "rainy/GT/b.png").data);
  EXPECT_FALSE(fs::exists(picture_path(report(), "rainy", "a", "input")));
  options_.pictures = false;
  options_.fresh = true;
  fs::remove_all(report());
  run({darker()});
  EXPECT_FALSE(fs::exists(report() / "images"));
}

TEST_F(EvaluationTest, methods_need_names_of_their_own) {
  EXPECT_THROW(evaluation({darker(), darker()}), UsageError);
  EXPECT_THROW(evaluation({darker("input")}), UsageError);
}

TEST_F(EvaluationTest, pictures_of_a_method_are_found_by_set_or_degradation) {
  const auto copy = [&](const std::string& from, const std::string& to) {
    fs::create_directories((folder_ / to).parent_path());
    fs::copy_file(root() / from, folder_ / to);
  };
  copy("rainy/GT/a.png", "theirs/rainy/a.png");
  copy("rainy/GT/b.png", "theirs/rainy/b.png");
  copy("rainy/GT/b.png", "theirs/rainy/b.jpg");
  copy("noisy_more/GT/d.png", "theirs/noisy/d.png");
  const EvalOutcome outcome = run({folder_method("theirs", folder_ / "theirs", read_test_sets(root()))});
  EXPECT_EQ(row(outcome, "a", "theirs").psnr, INFINITY);
  EXPECT_EQ(row(outcome, "d", "theirs").psnr, INFINITY);
  EXPECT_NE(row(outcome, "b", "theirs").error.find("b.jpg"), std::string::npos) << row(outcome, "b", "theirs").error;
  EXPECT_NE(row(outcome, "c", "theirs").error.find("theirs/rainy/c"), std::string::npos);
  EXPECT_EQ(row(outcome, "a", "theirs").predicted, "");
  EXPECT_THROW(folder_method("none", folder_ / "none", {}), IoError);
}

TEST_F(EvaluationTest, outputs_of_another_size_are_refused) {
  picture(folder_ / "theirs/rainy/a.png", 24, 20, 1);
  const EvalOutcome outcome = run({folder_method("theirs", folder_ / "theirs", read_test_sets(root()))});
  EXPECT_NE(row(outcome, "a", "theirs").error.find("24x20"), std::string::npos);
  EXPECT_NE(row(outcome, "a", "theirs").error.find("48x40"), std::string::npos);
}

TEST_F(EvaluationTest, good_photos_are_measured_against_themselves) {
  std::ofstream(folder_ / "list.toml") << "[[set]]\nname = \"good\"\ngt = \"sets/rainy/GT\"\nlabels = [\"clean\"]\n";
  options_.report = report();
  options_.backend = [] { return std::make_unique<NaiveBackend>(); };
  const EvalOutcome outcome = run(Evaluation(read_test_sets(folder_ / "list.toml"), {darker()}, options_));
  EXPECT_EQ(row(outcome, "a").psnr_input, INFINITY);
  EXPECT_LT(row(outcome, "a").psnr.value(), 40);
  EXPECT_EQ(row(outcome, "a").degradation, "clean");
}

}  // namespace
}  // namespace daclip::test
