#include "eval/charts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "eval/markup.h"

namespace daclip::test {
namespace {

CategoryChart sample_chart() {
  CategoryChart chart{"Gain <dB> & more", "higher is better", {"noisy", "rainy", "\"hazy\"", "a\xff"}, {}, 1, true};
  chart.series.push_back({"input", {0, 0, 0, 0}, {}, {}, true});
  chart.series.push_back({"ours & co", {1.5, -0.5, 3, 2}, {1, -1, 2, NAN}, {2, 0, 4, NAN}});
  chart.series.push_back({"theirs", {2, NAN, 1, 1}});
  return chart;
}

TEST(Charts, bars_show_values_intervals_and_names) {
  const std::string svg = bar_chart(sample_chart()).file();
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_NE(svg.find("Gain &lt;dB&gt; &amp; more"), std::string::npos);
  EXPECT_NE(svg.find(">+1.5</text>"), std::string::npos);
  EXPECT_NE(svg.find(">−0.5</text>"), std::string::npos);
  EXPECT_NE(svg.find("noisy, ours &amp; co: +1.5 [+1.0, +2.0]"), std::string::npos);
  EXPECT_EQ(count_of(svg, "rainy, theirs"), 0u);  // no value, no bar
}

TEST(Charts, a_radar_closes_only_complete_series) {
  CategoryChart chart = sample_chart();
  const std::string svg = radar_chart(chart).file();
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(count_of(svg, "fill-opacity=\"0.08\""), 1u);  // ours; theirs lacks a value
  chart.series[2].values[1] = 1;
  EXPECT_EQ(count_of(radar_chart(chart).file(), "fill-opacity=\"0.08\""), 2u);
  chart.categories.resize(2);
  EXPECT_THROW(radar_chart(chart), UsageError);
}

TEST(Charts, nothing_that_runs_or_loads_is_in_a_picture) {
  const std::string svg = bar_chart(sample_chart()).file() + radar_chart(sample_chart()).file();
  for (const char* word : {"<script", "href", "url(", "onload", "<image", "<style"})
    EXPECT_EQ(count_of(svg, word), 0u) << word;
}

TEST(Charts, confusion_shows_counts_and_fractions_of_labels_that_occur) {
  const std::string svg = confusion_chart("Recognition", {"noisy", "rainy", "snowy", "never"},
                                          {{3, 1, 0, 0}, {0, 0, 0, 0}, {0, 0, 8, 0}, {0, 0, 0, 0}})
                              .file();
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_NE(svg.find(">75 %</text>"), std::string::npos);
  EXPECT_NE(svg.find("noisy classified as rainy: 1 of 4"), std::string::npos);
  EXPECT_EQ(count_of(svg, "never"), 0u);
  EXPECT_EQ(count_of(svg, ">rainy</text>"), 1u);  // a column without a row
  EXPECT_THROW(confusion_chart("", {"a"}, {}), UsageError);
}

TEST(Charts, reliability_shows_the_calibration_error) {
  const std::vector<RecognisedPicture> pictures = {{{0}, {0}, 0.95}, {{0}, {1}, 0.95}, {{0}, {0}, 0.35}};
  const std::string svg = reliability_chart("Confidence", report_recognition(pictures, 2)).file();
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_NE(svg.find("Calibration error 51.7 %"), std::string::npos);  // (2 * 0.45 + 0.65) / 3
  EXPECT_NE(svg.find("2 pictures of confidence 0.95: accuracy 0.50"), std::string::npos);
}

TEST(Charts, curves_skip_values_that_are_not_finite) {
  CurveChart chart{"Training", "step", {"a", "b"}, {}};
  chart.panels.push_back({"Loss", {{"a", 0, {{0, 1}, {10, NAN}, {20, INFINITY}, {30, 3}}}, {"b", 1, {{5, 2}}, true}}});
  chart.panels.push_back({"Nothing", {}});
  const std::string svg = curve_chart(chart).file();
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(count_of(svg, "<polyline"), 1u);
  EXPECT_EQ(count_of(svg, "nan"), 0u);
  EXPECT_EQ(count_of(svg, "inf"), 0u);
}

TEST(Charts, empty_charts_are_still_pictures) {
  EXPECT_EQ(markup_problem(bar_chart({}).file()), "");
  EXPECT_EQ(markup_problem(curve_chart({}).file()), "");
  EXPECT_EQ(markup_problem(confusion_chart("", {}, {}).file()), "");
}

TEST(Charts, ticks_are_round_and_span_the_range) {
  EXPECT_EQ(ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(ticks(-3, 12, 4), (std::vector<double>{-5, 0, 5, 10, 15}));
  EXPECT_EQ(tick_text(0.25, 0.25), "0.25");
  EXPECT_EQ(tick_text(-5, 5), "−5");
  const std::vector<double> same = ticks(7, 7, 4);
  EXPECT_LT(same.front(), 7);
  EXPECT_GT(same.back(), 7);
  EXPECT_GE(ticks(NAN, INFINITY, 4).size(), 2u);
}

}  // namespace
}  // namespace daclip::test
