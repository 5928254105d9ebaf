#include <cmath>
#include <numbers>

#include "core/error.h"
#include "eval/chart_parts.h"
#include "eval/charts.h"
#include "eval/text.h"

namespace daclip {
namespace {

constexpr double kWidth = 780, kRadius = 196, kLabelSize = 12.5;

class RadarChart {
 public:
  explicit RadarChart(const CategoryChart& chart)
      : chart_(chart), count_(chart.categories.size()), legend_(chart::entries_of(chart.series)) {
    if (count_ < 3) throw UsageError(cat("radar chart: expected at least three categories, found ", count_));
    double low = 0, high = 0;
    for (const ChartSeries& series : chart.series)
      for (const double value : series.values)
        if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    ticks_ = ticks(low, high, 4);
    const double legend = chart::legend(nullptr, legend_, chart::kMargin, 0, kWidth - chart::kMargin);
    centre_ = {kWidth / 2, chart::kHeading + legend + 44 + kRadius};
    height_ = centre_.y + kRadius + 56;
  }

  Svg draw() {
    Svg svg(kWidth, height_, chart_.title, chart_.axis);
    chart::heading(svg, chart_.title, chart_.axis, kWidth);
    chart::legend(&svg, legend_, chart::kMargin, chart::kHeading, kWidth - chart::kMargin);
    draw_web(svg);
    for (size_t i = 0; i < chart_.series.size(); ++i) draw_series(svg, i);
    draw_scale(svg);
    for (size_t i = 0; i < count_; ++i) label(svg, i);
    return svg;
  }

 private:
  Point at(size_t spoke, double value) const {
    const double angle = 2 * std::numbers::pi * double(spoke) / double(count_) - std::numbers::pi / 2;
    const double r = kRadius * (value - ticks_.front()) / (ticks_.back() - ticks_.front());
    return {centre_.x + r * std::cos(angle), centre_.y + r * std::sin(angle)};
  }

  void draw_web(Svg& svg) const {
    for (const double tick : ticks_) {
      std::vector<Point> ring;
      for (size_t i = 0; i < count_; ++i) ring.push_back(at(i, tick));
      const bool zero = tick == 0 && ticks_.front() < 0;  // of gains: the input itself
      svg.polygon(ring, "none", 0, {zero ? ink::kAxis : ink::kGrid, zero ? 1.5 : 1});
    }
    for (size_t i = 0; i < count_; ++i) svg.line(centre_, at(i, ticks_.back()), {ink::kGrid});
  }

  // Draws the scale above the series, on a background of its own.
  void draw_scale(Svg& svg) const {
    for (const double tick : ticks_) {
      const std::string words = tick_text(tick, ticks_[1] - ticks_[0]);
      const Point p = at(0, tick);
      const double width = text_width(words, 10.5) + 4;
      svg.rectangle({p.x - 5 - width, p.y - 7}, width, 13, "#ffffff", 0.8, 2);
      svg.text({p.x - 7, p.y + 3.5}, words, {10.5, "end", ink::kMuted});
    }
  }

  void draw_series(Svg& svg, size_t index) const {
    const ChartSeries& series = chart_.series[index];
    const size_t colour = legend_[index].index;
    const LineStyle style = series.reference ? LineStyle{ink::kMuted, 1.5, "4 3"} : LineStyle{series_colour(colour), 2};
    const auto known = [&](size_t i) { return i < series.values.size() && std::isfinite(series.values[i]); };
    std::vector<Point> points;
    for (size_t i = 0; i < count_; ++i)
      if (known(i)) points.push_back(at(i, series.values[i]));
    if (points.size() == count_) {
      svg.polygon(points, series.reference ? "none" : series_colour(colour), series.reference ? 0 : 0.08, style);
    } else {
      for (size_t i = 0; i < count_; ++i)
        if (const size_t next = (i + 1) % count_; known(i) && known(next))
          svg.line(at(i, series.values[i]), at(next, series.values[next]), style);
    }
    if (series.reference) return;
    for (size_t i = 0; i < count_; ++i) {
      if (!known(i)) continue;
      svg.open(cat(chart_.categories[i], ", ", series.name, ": ", printed(series.values[i])));
      svg.mark(at(i, series.values[i]), colour, 4);
      svg.close();
    }
  }

  std::string printed(double value) const {
    return chart_.sign ? signed_text(value, chart_.digits) : number_text(value, chart_.digits);
  }

  // Draws the name and, if there is only one series, its value below.
  void label(Svg& svg, size_t i) const {
    const double angle = 2 * std::numbers::pi * double(i) / double(count_) - std::numbers::pi / 2;
    const double cosine = std::cos(angle), sine = std::sin(angle);
    const Point p{centre_.x + (kRadius + 14) * cosine, centre_.y + (kRadius + 14) * sine};
    const char* anchor = std::abs(cosine) < 0.15 ? "middle" : cosine > 0 ? "start" : "end";
    const size_t measured = size_t(std::count_if(chart_.series.begin(), chart_.series.end(),
                                                 [](const ChartSeries& series) { return !series.reference; }));
    const double y = p.y + 4 + (sine > 0.5 ? 6 : sine < -0.5 ? (measured == 1 ? -16 : -4) : measured == 1 ? -6 : 0);
    svg.text({p.x, y}, shortened(chart_.categories[i], kLabelSize, 176), {kLabelSize, anchor});
    if (measured != 1) return;
    for (const ChartSeries& series : chart_.series)
      if (!series.reference && i < series.values.size() && std::isfinite(series.values[i]))
        svg.text({p.x, y + 15}, printed(series.values[i]), {11.5, anchor, ink::kMuted});
  }

  const CategoryChart& chart_;
  size_t count_;
  std::vector<chart::LegendEntry> legend_;
  std::vector<double> ticks_;
  Point centre_;
  double height_ = 0;
};

}  // namespace

Svg radar_chart(const CategoryChart& chart) { return RadarChart(chart).draw(); }

}  // namespace daclip
