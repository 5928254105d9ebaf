// SVG charts for reports and training logs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/svg.h"
#include "metrics/recognition.h"

namespace daclip {

struct ChartSeries {
  std::string name;
  std::vector<double> values = {};          // one per category; NaN: no value
  std::vector<double> low = {}, high = {};  // ends of intervals; NaN: no interval; empty: no intervals at all
  bool reference = false;                   // a baseline such as the input: grey, dashed
};

struct CategoryChart {
  std::string title;
  std::string axis;  // quantity, unit and direction: "PSNR gain over the input, dB (more is better)"
  std::vector<std::string> categories;
  std::vector<ChartSeries> series;
  int digits = 1;     // of printed values
  bool sign = false;  // print "+" before positive values
};

// A group of horizontal bars per category, one for each series that has a value, with whiskers for the intervals.
Svg bar_chart(const CategoryChart& chart);

// One spoke per category, all with the same scale. Throws UsageError for fewer than three categories. A series is a
// closed line if it has all values, and an open one otherwise.
Svg radar_chart(const CategoryChart& chart);

// One row per true label with counts and percentages of its predictions. Labels that do not occur are omitted.
Svg confusion_chart(const std::string& title, const std::vector<std::string>& labels,
                    const std::vector<std::vector<int64_t>>& counts);

// Accuracy against confidence, and the number of pictures in each bin.
Svg reliability_chart(const std::string& title, const RecognitionReport& report);

struct Curve {
  std::string name;
  size_t colour = 0;          // index for series_colour
  std::vector<Point> points;  // in ascending order of x
  bool marks = false;         // draws a mark at each point, for curves with few points
  bool faint = false;         // in the background: raw values behind smoothed ones
};

struct CurvePanel {
  std::string title;
  std::vector<Curve> curves;
};

struct CurveChart {
  std::string title;
  std::string x_axis = "step";
  std::vector<std::string> names;  // the legend: one name per colour
  std::vector<CurvePanel> panels;
};

// Panels in two columns (a single panel is wide). They share the range of x; each has its own range of y.
Svg curve_chart(const CurveChart& chart);

}  // namespace daclip
