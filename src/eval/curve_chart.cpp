#include <cmath>
#include <limits>

#include "core/error.h"
#include "eval/chart_parts.h"
#include "eval/charts.h"
#include "eval/text.h"

namespace daclip {
namespace {

constexpr double kPanelHeight = 250, kBelowPanel = 78, kGapX = 26, kWidth = 940;

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  }
};

// 1500 as "1.5k", 2000000 as "2M", without trailing zeros.
std::string step_text(double value, double step) {
  const bool millions = std::abs(value) >= 1e6, thousands = std::abs(value) >= 1e3;
  const double unit = millions ? 1e6 : thousands ? 1e3 : 1;
  std::string text = tick_text(value / unit, step / unit);
  if (text.find('.') != std::string::npos) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text + (millions ? "M" : thousands ? "k" : "");
}

// Plot area and scales of one panel.
struct Frame {
  Point corner;
  double width = 0, height = 0;
  std::vector<double> x_ticks, y_ticks;
  Range x_range;

  double x(double value) const { return corner.x + (value - x_range.low) / (x_range.high - x_range.low) * width; }
  double y(double value) const {
    return corner.y + height - (value - y_ticks.front()) / (y_ticks.back() - y_ticks.front()) * height;
  }
};

Range range_of_x(const CurveChart& chart) {
  Range range;
  for (const CurvePanel& panel : chart.panels)
    for (const Curve& curve : panel.curves)
      for (const Point& p : curve.points) range.add(p.x);
  if (!std::isfinite(range.low)) return {0, 1};
  if (range.low > 0 && range.low < 0.25 * range.high) range.low = 0;
  if (range.high == range.low) range.high = range.low + 1;
  return range;
}

void draw_axes(Svg& svg, const Frame& frame, const std::string& title, const std::string& x_axis) {
  svg.text({frame.corner.x, frame.corner.y - 12}, title, {13, "start", ink::kText, true});
  for (const double tick : frame.y_ticks) {
    svg.line({frame.corner.x, frame.y(tick)}, {frame.corner.x + frame.width, frame.y(tick)}, {ink::kGrid});
    svg.text({frame.corner.x - 7, frame.y(tick) + 4}, tick_text(tick, frame.y_ticks[1] - frame.y_ticks[0]),
             {11, "end", ink::kMuted});
  }
  const double floor = frame.corner.y + frame.height;
  for (const double tick : frame.x_ticks) {
    if (tick < frame.x_range.low || tick > frame.x_range.high * 1.0001) continue;
    svg.line({frame.x(tick), floor}, {frame.x(tick), floor + 4}, {ink::kAxis});
    svg.text({frame.x(tick), floor + 17}, step_text(tick, frame.x_ticks[1] - frame.x_ticks[0]),
             {11, "middle", ink::kMuted});
  }
  svg.line({frame.corner.x, floor}, {frame.corner.x + frame.width, floor}, {ink::kAxis});
  svg.text({frame.corner.x + frame.width, floor + 33}, x_axis, {11, "end", ink::kMuted});
}

void draw_curve(Svg& svg, const Frame& frame, const Curve& curve) {
  std::vector<Point> points;
  for (const Point& p : curve.points)
    if (std::isfinite(p.x) && std::isfinite(p.y)) points.push_back({frame.x(p.x), frame.y(p.y)});
  if (points.empty()) return;
  const Point last = curve.points.back();
  svg.open(
      cat(curve.name, ": ", tick_text(last.y, std::max(1e-5, std::abs(last.y) * 1e-4)), " at ", step_text(last.x, 1)));
  svg.polyline(points, {series_colour(curve.colour), curve.faint ? 1 : 1.9, "", curve.faint ? 0.3 : 1});
  const bool alone = points.size() == 1;
  if (curve.marks || alone)
    for (const Point& p : points) svg.mark(p, curve.colour, points.size() > 30 ? 2.5 : 3.5);
  svg.close();
}

}  // namespace

Svg curve_chart(const CurveChart& chart) {
  const int columns = chart.panels.size() > 1 ? 2 : 1;
  const int rows = (int(chart.panels.size()) + columns - 1) / columns;
  std::vector<chart::LegendEntry> entries;
  for (size_t i = 0; i < chart.names.size(); ++i) entries.push_back({chart.names[i], i, false});
  const double legend_top = 48;
  const double top = legend_top + chart::legend(nullptr, entries, chart::kMargin, 0, kWidth - chart::kMargin) + 32;
  Svg svg(kWidth, top + rows * (kPanelHeight + kBelowPanel) - 30, chart.title,
          cat(chart.panels.size(), " panels of curves"));
  svg.text({chart::kMargin, 32}, shortened(chart.title, 16, kWidth - 2 * chart::kMargin),
           {16, "start", ink::kText, true});
  chart::legend(&svg, entries, chart::kMargin, legend_top, kWidth - chart::kMargin);
  const double left = 62, width = (kWidth - chart::kMargin - left * columns - kGapX * (columns - 1)) / columns;
  const Range x_range = range_of_x(chart);
  for (size_t i = 0; i < chart.panels.size(); ++i) {
    const CurvePanel& panel = chart.panels[i];
    Range y;
    for (const Curve& curve : panel.curves)
      for (const Point& p : curve.points) y.add(p.y);
    Frame frame{{left + double(i % size_t(columns)) * (width + left + kGapX),
                 top + double(i / size_t(columns)) * (kPanelHeight + kBelowPanel)},
                width,
                kPanelHeight,
                ticks(x_range.low, x_range.high, 6),
                ticks(y.low, y.high, 5),
                x_range};
    draw_axes(svg, frame, panel.title, chart.x_axis);
    for (const bool faint : {true, false})
      for (const Curve& curve : panel.curves)
        if (curve.faint == faint) draw_curve(svg, frame, curve);
  }
  return svg;
}

}  // namespace daclip
