#include "eval/training_log.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "pipeline/temp_folder.h"

namespace daclip::test {
namespace {

namespace fs = std::filesystem;

fs::path write_log(const TempFolder& folder, const std::string& run, const std::string& text) {
  fs::create_directories(folder / run);
  write_text(folder / run / "log.jsonl", text);
  return folder / run;
}

constexpr const char* kRestorer =
    R"({"grad_norm":2,"loss":-20.5,"lr":0.001,"step":50,"steps_per_second":1.5}
{"grad_norm":null,"loss":-21.5,"lr":0.0005,"step":100,"steps_per_second":1.5}
{"step":100,"validation":{"clean":{"psnr":50.0},"gain":5.0,"noisy":{"input":15,"psnr":23},"rainy":{"psnr":20}}}
)";

TEST(TrainingLog, reads_step_and_validation_lines) {
  const TempFolder folder;
  const TrainingLog log = read_training_log(write_log(folder, "base", kRestorer));
  EXPECT_EQ(log.name, "base");
  EXPECT_TRUE(log.problems.empty());
  ASSERT_EQ(log.series.at("loss").size(), 2u);
  EXPECT_EQ(log.series.at("loss")[1].x, 100);
  EXPECT_EQ(log.series.at("loss")[1].y, -21.5);
  EXPECT_EQ(log.series.at("grad_norm").size(), 1u);  // null: was not finite
  EXPECT_EQ(log.series.at("validation.noisy.psnr")[0].y, 23);
  EXPECT_EQ(log.series.at("validation.psnr")[0].y, 21.5);  // without clean
  EXPECT_EQ(log.series.count("step"), 0u);
}

TEST(TrainingLog, a_log_is_given_as_file_or_as_folder) {
  const TempFolder folder;
  write_log(folder, "run", kRestorer);
  write_text(folder / "other.jsonl", kRestorer);
  EXPECT_EQ(read_training_log(folder / "run" / "log.jsonl").name, "run");
  EXPECT_EQ(read_training_log(folder / "run/").name, "run");
  EXPECT_EQ(read_training_log(folder / "other.jsonl").name, "other");
}

TEST(TrainingLog, damaged_lines_are_reported_and_skipped) {
  const TempFolder folder;
  const std::string text =
      "{\"step\":1,\"loss\":3}\n{\"step\":2,\"lo\n[1]\n{\"loss\":2}\n{\"step\":-1,\"loss\":2}\n\n"
      "{\"step\":\"x\"}\n\xff\xfe\n{\"step\":3,\"loss\":1}\n{\"step\":4";
  const TrainingLog log = read_training_log(write_log(folder, "r", text));
  EXPECT_EQ(log.series.at("loss").size(), 2u);
  ASSERT_EQ(log.problems.size(), 7u);
  EXPECT_NE(log.problems[0].find("log.jsonl: line 2: not JSON"), std::string::npos) << log.problems[0];
  EXPECT_NE(log.problems[6].find("line 10:"), std::string::npos) << log.problems[6];
}

TEST(TrainingLog, a_resumed_run_replaces_what_it_did_again) {
  const TempFolder folder;
  const TrainingLog log =
      read_training_log(write_log(folder, "r",
                                  "{\"step\":10,\"loss\":5}\n{\"step\":20,\"loss\":4}\n{\"step\":30,\"loss\":9}\n"
                                  "{\"step\":20,\"loss\":3}\n{\"step\":30,\"loss\":2}\n"));
  const std::vector<Point>& loss = log.series.at("loss");
  ASSERT_EQ(loss.size(), 3u);
  EXPECT_EQ(loss[1].y, 3);
  EXPECT_EQ(loss[2].y, 2);
}

TEST(TrainingLog, files_that_are_not_logs_are_refused) {
  const TempFolder folder;
  EXPECT_THROW(read_training_log(write_log(folder, "r", "hello\n")), FormatError);
  EXPECT_THROW(read_training_log(write_log(folder, "e", "")), FormatError);
  EXPECT_THROW(read_training_log(folder / "nowhere"), IoError);
  fs::create_directories(folder / "empty");
  EXPECT_THROW(read_training_log(folder / "empty"), IoError);
}

TEST(TrainingLog, smoothing_starts_without_bias) {
  const std::vector<Point> points = smoothed({{0, 4}, {1, 4}, {2, 8}}, 0.5);
  EXPECT_EQ(points[0].y, 4);
  EXPECT_EQ(points[1].y, 4);
  EXPECT_DOUBLE_EQ(points[2].y, (0.5 * 8 + 0.25 * 4 + 0.125 * 4) / 0.875);
}

TEST(TrainingChart, has_a_panel_for_what_the_logs_have) {
  const TempFolder folder;
  const std::vector<TrainingLog> logs = {
      read_training_log(write_log(folder, "a", kRestorer)),
      read_training_log(write_log(folder, "b", "{\"step\":5,\"loss\":1,\"accuracy\":0.5}\n"))};
  const CurveChart chart = training_chart(logs, {});
  std::vector<std::string> titles;
  for (const CurvePanel& panel : chart.panels) titles.push_back(panel.title);
  EXPECT_EQ(titles,
            (std::vector<std::string>{"Training loss", "Validation PSNR, dB, mean of the degradations",
                                      "Validation gain over the input, dB", "Training accuracy", "Learning rate"}));
  EXPECT_EQ(chart.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(chart.panels[0].curves.size(), 2u);
  EXPECT_EQ(chart.panels[3].curves.at(0).colour, 1u);
}

TEST(TrainingChart, shows_tasks_and_single_series_on_request) {
  const TempFolder folder;
  const std::vector<TrainingLog> logs = {read_training_log(write_log(folder, "a", kRestorer))};
  TrainingChartOptions options;
  options.show = {"tasks", "grad_norm"};
  const CurveChart chart = training_chart(logs, options);
  ASSERT_EQ(chart.panels.size(), 4u);
  EXPECT_EQ(chart.panels[0].title, "noisy, validation PSNR, dB");
  EXPECT_EQ(chart.panels[3].title, "grad_norm");
  options.show = {"nonsense"};
  EXPECT_THROW(training_chart(logs, options), UsageError);
  options.show = {};
  options.smooth = 1;
  EXPECT_THROW(training_chart(logs, options), UsageError);
}

TEST(TrainingChart, the_table_shows_best_values) {
  const TempFolder folder;
  const Table table = training_table(std::vector<TrainingLog>{read_training_log(write_log(folder, "a", kRestorer))});
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0].cells[1].text, "100");
  EXPECT_EQ(table.rows[0].cells[2].text, "−21.5000");
  EXPECT_EQ(table.rows[0].cells[3].text, "21.50");
  EXPECT_EQ(table.rows[0].cells[3].detail, "at 100");
}

}  // namespace
}  // namespace daclip::test
