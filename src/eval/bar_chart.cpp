#include <cmath>

#include "core/error.h"
#include "eval/chart_parts.h"
#include "eval/charts.h"
#include "eval/text.h"

namespace daclip {
namespace {

constexpr double kWidth = 860, kBar = 15, kGap = 11, kLabelSize = 12.5;

std::string printed(const CategoryChart& chart, double value) {
  return chart.sign ? signed_text(value, chart.digits) : number_text(value, chart.digits);
}

bool shown(const ChartSeries& series, size_t category) {
  return category < series.values.size() && std::isfinite(series.values[category]);
}

bool has_interval(const ChartSeries& series, size_t category) {
  return category < series.low.size() && category < series.high.size() && series.low[category] <= series.high[category];
}

size_t bars_of(const CategoryChart& chart, size_t category) {
  return size_t(std::count_if(chart.series.begin(), chart.series.end(),
                              [&](const ChartSeries& series) { return shown(series, category); }));
}

class BarChart {
 public:
  explicit BarChart(const CategoryChart& chart) : chart_(chart), legend_(chart::entries_of(chart.series)) {
    double names = 0;
    for (const std::string& name : chart.categories) names = std::max(names, text_width(name, kLabelSize));
    left_ = chart::kMargin + std::min(names, 280.0) + 14;
    right_ = kWidth - chart::kMargin - 62;
    const auto shown_legend = chart.series.size() > 1 ? legend_ : std::vector<chart::LegendEntry>();
    top_ = chart::kHeading + chart::legend(nullptr, shown_legend, chart::kMargin, 0, kWidth - chart::kMargin) + 6;
    bottom_ = top_;
    for (size_t i = 0; i < chart.categories.size(); ++i) bottom_ += double(bars_of(chart, i)) * kBar + kGap;
    find_scale();
  }

  Svg draw() {
    Svg svg(kWidth, bottom_ + 40, chart_.title, chart_.axis);
    chart::heading(svg, chart_.title, chart_.axis, kWidth);
    if (chart_.series.size() > 1)
      chart::legend(&svg, legend_, chart::kMargin, chart::kHeading, kWidth - chart::kMargin);
    for (const double tick : ticks_) {
      svg.line({x(tick), top_}, {x(tick), bottom_}, {ink::kGrid});
      svg.text({x(tick), bottom_ + 18}, tick_text(tick, ticks_[1] - ticks_[0]), {11, "middle", ink::kMuted});
    }
    double y = top_ + kGap / 2;
    for (size_t i = 0; i < chart_.categories.size(); ++i) {
      const double height = double(bars_of(chart_, i)) * kBar;
      svg.text({left_ - 10, y + height / 2 + 4.5}, shortened(chart_.categories[i], kLabelSize, 280),
               {kLabelSize, "end"});
      for (size_t s = 0; s < chart_.series.size(); ++s)
        if (shown(chart_.series[s], i)) {
          bar(svg, i, s, y);
          y += kBar;
        }
      y += kGap;
    }
    const double base = x(std::clamp(0.0, ticks_.front(), ticks_.back()));
    svg.line({base, top_}, {base, bottom_}, {ink::kAxis, 1.25});
    return svg;
  }

 private:
  void find_scale() {
    double low = 0, high = 0;
    for (const ChartSeries& series : chart_.series)
      for (size_t i = 0; i < chart_.categories.size(); ++i) {
        if (!shown(series, i)) continue;
        const bool interval = has_interval(series, i);
        low = std::min(low, interval ? series.low[i] : series.values[i]);
        high = std::max(high, interval ? series.high[i] : series.values[i]);
      }
    ticks_ = ticks(low, high, 7);
  }

  double x(double value) const {
    return left_ + (value - ticks_.front()) / (ticks_.back() - ticks_.front()) * (right_ - left_);
  }

  void bar(Svg& svg, size_t category, size_t index, double y) {
    const ChartSeries& series = chart_.series[index];
    const double value = series.values[category];
    const double base = x(std::clamp(0.0, ticks_.front(), ticks_.back())), end = x(value), middle = y + kBar / 2;
    double outer_low = std::min(base, end), outer_high = std::max(base, end);
    std::string words = cat(chart_.categories[category], ", ", series.name, ": ", printed(chart_, value));
    const bool interval = has_interval(series, category);
    if (interval)
      words += cat(" [", printed(chart_, series.low[category]), ", ", printed(chart_, series.high[category]), "]");
    svg.open(words);
    svg.rectangle({outer_low, y + 1}, outer_high - outer_low, kBar - 2,
                  series.reference ? ink::kAxis : series_colour(legend_[index].index), series.reference ? 0.55 : 0.85,
                  1.5);
    if (interval) {
      const double a = x(series.low[category]), b = x(series.high[category]);
      svg.line({a, middle}, {b, middle}, {ink::kText, 1.25});
      for (const double cap : {a, b}) svg.line({cap, middle - 3}, {cap, middle + 3}, {ink::kText, 1.25});
      outer_low = std::min(outer_low, a), outer_high = std::max(outer_high, b);
    }
    svg.close();
    const bool negative = value < 0;
    svg.text({negative ? outer_low - 5 : outer_high + 5, middle + 4}, printed(chart_, value),
             {11, negative ? "end" : "start", ink::kText});
  }

  const CategoryChart& chart_;
  std::vector<chart::LegendEntry> legend_;
  std::vector<double> ticks_;
  double left_, right_, top_, bottom_;
};

}  // namespace

Svg bar_chart(const CategoryChart& chart) { return BarChart(chart).draw(); }

}  // namespace daclip
