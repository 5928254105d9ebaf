// Parts shared by the charts: heading and legend.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "eval/charts.h"

namespace daclip::chart {

inline constexpr double kMargin = 24;
inline constexpr double kHeading = 62;  // height of the heading; the legend or the chart begins below
inline constexpr double kLegendRow = 22;

inline void heading(Svg& svg, const std::string& title, const std::string& axis, double width) {
  svg.text({kMargin, 32}, shortened(title, 16, width - 2 * kMargin), {16, "start", ink::kText, true});
  svg.text({kMargin, 51}, shortened(axis, 12, width - 2 * kMargin), {12, "start", ink::kMuted});
}

struct LegendEntry {
  std::string name;
  size_t index = 0;        // of colour and mark
  bool reference = false;  // grey and dashed
};

// Only measured series are numbered, so that a method has the same colour in all charts.
inline std::vector<LegendEntry> entries_of(const std::vector<ChartSeries>& series) {
  std::vector<LegendEntry> entries;
  size_t measured = 0;
  for (const ChartSeries& one : series) entries.push_back({one.name, one.reference ? 0 : measured++, one.reference});
  return entries;
}

// Draws the entries in rows, starting at `left`, and returns their height. Without `svg` it only computes the height.
inline double legend(Svg* svg, const std::vector<LegendEntry>& entries, double left, double top, double right) {
  double x = left, y = top + 14;
  for (const LegendEntry& entry : entries) {
    const std::string name = shortened(entry.name, 12, right - left - 30);
    const double width = 30 + text_width(name, 12) + 18;
    if (x > left && x + width > right + 18) x = left, y += kLegendRow;
    if (svg && entry.reference) {
      svg->line({x, y - 4}, {x + 22, y - 4}, {ink::kMuted, 1.5, "4 3"});
    } else if (svg) {
      svg->line({x, y - 4}, {x + 22, y - 4}, {series_colour(entry.index), 2});
      svg->mark({x + 11, y - 4}, entry.index, 4);
    }
    if (svg) svg->text({x + 28, y}, name);
    x += width;
  }
  return entries.empty() ? 0 : y - top + 10;
}

}  // namespace daclip::chart
