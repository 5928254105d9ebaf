#include "eval/result.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "pipeline/temp_folder.h"

namespace daclip::test {
namespace {

Result full_result() {
  Result r;
  r.dataset = "Rain100H";
  r.degradation = "rainy";
  r.image = "a, \"b\"\nc";
  r.method = "compact";
  r.psnr = 27.25;
  r.ssim = 0.875;
  r.psnr_y = INFINITY;
  r.psnr_input = 12.5;
  r.predicted = "rainy";
  r.confidence = 0.75;
  r.seconds = 1.5;
  r.error = "ü: two, things";
  r.brisque = 31;
  r.untouched = true;
  r.truth = {"rainy", "hazy"};
  r.probabilities = {{"rainy", 0.75}, {"clean", 0.25}};
  return r;
}

void expect_same_columns(const Result& a, const Result& b) {
  EXPECT_EQ(a.dataset, b.dataset);
  EXPECT_EQ(a.degradation, b.degradation);
  EXPECT_EQ(a.image, b.image);
  EXPECT_EQ(a.method, b.method);
  EXPECT_EQ(a.psnr, b.psnr);
  EXPECT_EQ(a.ssim, b.ssim);
  EXPECT_EQ(a.psnr_y, b.psnr_y);
  EXPECT_EQ(a.ssim_y, b.ssim_y);
  EXPECT_EQ(a.lpips, b.lpips);
  EXPECT_EQ(a.psnr_input, b.psnr_input);
  EXPECT_EQ(a.predicted, b.predicted);
  EXPECT_EQ(a.confidence, b.confidence);
  EXPECT_EQ(a.seconds, b.seconds);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.brisque, b.brisque);
  EXPECT_EQ(a.untouched, b.untouched);
}

std::string read(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  return std::string(bytes.begin(), bytes.end());
}

TEST(ResultFiles, a_json_line_reads_back_as_it_was_written) {
  const Result r = full_result(), back = result_from_json_line(to_json_line(r));
  expect_same_columns(r, back);
  EXPECT_EQ(back.truth, r.truth);
  EXPECT_EQ(back.probabilities, r.probabilities);
  EXPECT_EQ(to_json_line(r).find('\n'), std::string::npos);
}

TEST(ResultFiles, a_csv_reads_back_as_it_was_written) {
  const TempFolder folder;
  Result bare;
  bare.dataset = "x", bare.image = "y", bare.method = "z";
  write_results_csv(folder / "r.csv", {full_result(), bare});
  const std::vector<Result> back = read_results_csv(folder / "r.csv");
  ASSERT_EQ(back.size(), 2u);
  expect_same_columns(back[0], full_result());
  expect_same_columns(back[1], bare);
}

TEST(ResultFiles, the_csv_begins_with_the_documented_columns) {
  const TempFolder folder;
  write_results_csv(folder / "r.csv", {});
  EXPECT_TRUE(read(folder / "r.csv")
                  .starts_with("dataset,degradation,image,method,psnr,ssim,psnr_y,ssim_y,lpips,"
                               "psnr_input,ssim_input,predicted,confidence,seconds,error,"));
}

TEST(ResultFiles, csv_columns_are_found_by_name) {
  const TempFolder folder;
  write_text(folder / "r.csv", "method,image,own,dataset,psnr\r\nm,i,?,d,20.5\r\n\"m, 2\",i,?,d,\r\n");
  const std::vector<Result> results = read_results_csv(folder / "r.csv");
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].dataset, "d");
  EXPECT_EQ(results[0].psnr, 20.5);
  EXPECT_EQ(results[1].method, "m, 2");
  EXPECT_FALSE(results[1].psnr);
}

TEST(ResultFiles, a_damaged_csv_is_refused_by_line) {
  const TempFolder folder;
  const std::string header = "dataset,image,method,psnr\n";
  for (const auto& [text, words] :
       std::vector<std::pair<std::string, std::string>>{{"", "line 1"},
                                                        {"dataset,image\n", "no column method"},
                                                        {header + "a,b,c\n", "line 2: 3 cells"},
                                                        {header + "a,b,c,1\na,b,c,1x\n", "line 3"},
                                                        {header + "a,b,c,nan\n", "line 2"},
                                                        {header + "a,\"b\nb,c,1\n", "line 2: unterminated quote"}}) {
    write_text(folder / "r.csv", text);
    try {
      read_results_csv(folder / "r.csv");
      ADD_FAILURE() << text;
    } catch (const FormatError& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }
}

TEST(ResultFiles, damaged_lines_are_reported_and_skipped) {
  const TempFolder folder;
  Result r = full_result(), second = full_result();
  second.image = "second";
  std::string text = to_json_line(r) + "\n";
  text +=
      "{\"dataset\": \"x\"}\n[1]\nrubbish \xff\n{\"dataset\":\"x\",\"image\":\"y\",\"method\":\"z\",\"psnr\":[]}\n\n";
  text += to_json_line(second) + "\n" + to_json_line(second).substr(0, 40);
  write_text(folder / "r.jsonl", text);
  const ResultLines lines = read_results_jsonl(folder / "r.jsonl");
  ASSERT_EQ(lines.results.size(), 2u);
  expect_same_columns(lines.results[1], second);
  ASSERT_EQ(lines.problems.size(), 5u);
  for (const int line : {2, 3, 4, 5, 8}) {
    const std::string words = "line " + std::to_string(line) + ":";
    EXPECT_TRUE(std::any_of(lines.problems.begin(), lines.problems.end(), [&](const std::string& problem) {
      return problem.find(words) != std::string::npos && problem.find('\n') == std::string::npos;
    })) << words;
  }
}

TEST(ResultFiles, of_one_image_and_method_the_last_line_counts) {
  const TempFolder folder;
  Result r = full_result(), other = full_result();
  other.method = "another";
  std::string text = to_json_line(r) + "\n" + to_json_line(other) + "\n";
  r.psnr = 30;
  write_text(folder / "r.jsonl", text + to_json_line(r) + "\n");
  const std::vector<Result> results = read_results_jsonl(folder / "r.jsonl").results;
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].psnr, 30);
  EXPECT_EQ(results[1].method, "another");
}

TEST(ResultFiles, figures_of_sets_read_back) {
  const TempFolder folder;
  write_set_figures(folder / "sets.jsonl", {{"Rain100H", "compact", "frechet-alex", 12.5, 100}});
  const std::vector<SetFigure> figures = read_set_figures(folder / "sets.jsonl");
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_EQ(figures[0].name, "frechet-alex");
  EXPECT_EQ(figures[0].value, 12.5);
  EXPECT_EQ(figures[0].images, 100);
}

TEST(ResultFiles, pictures_stay_below_the_report) {
  const std::filesystem::path path = picture_path("report", "../set", "a/../../b", "..");
  EXPECT_EQ(path.lexically_normal(), path);
  EXPECT_TRUE(path.string().starts_with("report/images/"));
}

}  // namespace
}  // namespace daclip::test
