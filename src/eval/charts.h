// The charts of reports and training logs, as SVG.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/svg.h"
#include "metrics/recognition.h"

namespace daclip {

struct ChartSeries {
  std::string name;
  std::vector<double> values = {};          // one a category; NaN: none
  std::vector<double> low = {}, high = {};  // ends of intervals, NaN: none; empty: none at all
  bool reference = false;                   // what the others are measured against (the input): grey, dashed
};

struct CategoryChart {
  std::string title;
  std::string axis;  // what is shown, with unit and direction: "PSNR gain over the input, dB (more is better)"
  std::vector<std::string> categories;
  std::vector<ChartSeries> series;
  int digits = 1;     // of printed values
  bool sign = false;  // "+" before positive ones
};

// A group of horizontal bars a category, with whiskers for the intervals; a category has as many bars as it has values.
Svg bar_chart(const CategoryChart& chart);

// A spoke a category, all with one scale. Needs at least three categories (throws UsageError). A series is a closed
// line where it has all values, and open where some are missing.
Svg radar_chart(const CategoryChart& chart);

// A row a true label with its share of each prediction, in counts and percent; labels that do not occur are left out.
Svg confusion_chart(const std::string& title, const std::vector<std::string>& labels,
                    const std::vector<std::vector<int64_t>>& counts);

// Accuracy against confidence, and how many pictures each bin has.
Svg reliability_chart(const std::string& title, const RecognitionReport& report);

struct Curve {
  std::string name;
  size_t colour = 0;          // index of series_colour
  std::vector<Point> points;  // x ascending
  bool marks = false;         // few points: each gets a mark
  bool faint = false;         // in the background: raw values behind smoothed ones
};

struct CurvePanel {
  std::string title;
  std::vector<Curve> curves;
};

struct CurveChart {
  std::string title;
  std::string x_axis = "step";
  std::vector<std::string> names;  // the legend: a name for each colour
  std::vector<CurvePanel> panels;
};

// Panels in two columns (one alone is wide), with one range of x and a range of y of their own.
Svg curve_chart(const CurveChart& chart);

}  // namespace daclip
