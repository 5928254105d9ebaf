#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "eval/chart_parts.h"
#include "eval/charts.h"
#include "eval/text.h"

namespace daclip {
namespace {

constexpr double kCell = 56;

// From white to dark blue in even steps.
std::string shade(double share) {
  constexpr double kDark[] = {8, 64, 129};
  char text[8];
  const auto level = [&](int c) { return int(std::lround(255 + (kDark[c] - 255) * std::clamp(share, 0.0, 1.0))); };
  std::snprintf(text, sizeof text, "#%02x%02x%02x", level(0), level(1), level(2));
  return text;
}

std::string percent(double share) { return number_text(100 * share, share > 0 && share < 0.0995 ? 1 : 0) + " %"; }

// Labels that occur as truth (rows), and those that occur as truth or prediction (columns).
struct Used {
  std::vector<size_t> rows, columns;
};

Used used_labels(const std::vector<std::vector<int64_t>>& counts) {
  Used used;
  for (size_t i = 0; i < counts.size(); ++i) {
    int64_t row = 0, column = 0;
    for (size_t j = 0; j < counts.size(); ++j) row += counts[i][j], column += counts[j][i];
    if (row > 0) used.rows.push_back(i);
    if (row + column > 0) used.columns.push_back(i);
  }
  return used;
}

void confusion_row(Svg& svg, const std::vector<std::string>& labels, const std::vector<int64_t>& row, size_t truth,
                   const std::vector<size_t>& columns, Point corner) {
  int64_t total = 0;
  for (const int64_t n : row) total += n;
  for (size_t c = 0; c < columns.size(); ++c) {
    const int64_t n = row[columns[c]];
    const double share = double(n) / double(total), x = corner.x + double(c) * kCell;
    svg.open(cat(labels[truth], " classified as ", labels[columns[c]], ": ", n, " of ", total));
    svg.rectangle({x + 1, corner.y + 1}, kCell - 2, kCell - 2, n ? shade(share) : "#f6f8fa", 1, 3);
    if (n > 0) {
      const std::string_view colour = share > 0.45 ? "#ffffff" : ink::kText;
      svg.text({x + kCell / 2, corner.y + kCell / 2 + 1}, percent(share),
               {12.5, "middle", colour, truth == columns[c]});
      svg.text({x + kCell / 2, corner.y + kCell / 2 + 16}, cat(n), {10.5, "middle", colour});
    }
    svg.close();
  }
  const double middle = corner.y + kCell / 2 + 4;
  svg.text({corner.x - 10, middle}, labels[truth], {12.5, "end"});
  svg.text({corner.x + double(columns.size()) * kCell + 10, middle}, cat(total), {12, "start", ink::kMuted});
}

class ReliabilityChart {
 public:
  ReliabilityChart(const std::string& title, const RecognitionReport& report) : title_(title), report_(report) {}

  Svg draw() {
    const std::string summary = cat("Calibration error ", number_text(100 * report_.ece, 1), " %, accuracy ",
                                    number_text(100 * report_.accuracy, 1), " %, ", report_.count, " pictures");
    Svg svg(kWidth, kTop + kSide + kHistogram + 64, title_, summary);
    chart::heading(svg, title_, summary, kWidth);
    draw_grid(svg);
    for (const ReliabilityBin& bin : report_.reliability) draw_bin(svg, bin);
    svg.line({x(0), y(0)}, {x(1), y(1)}, {ink::kText, 1.25, "5 4"});
    svg.frame({kLeft, kTop}, kSide, kSide, {ink::kAxis});
    draw_key(svg);
    return svg;
  }

 private:
  static constexpr double kWidth = 480, kLeft = 66, kTop = 84, kSide = 380, kHistogram = 74;

  static double x(double share) { return kLeft + share * kSide; }
  static double y(double share) { return kTop + (1 - share) * kSide; }

  static void draw_grid(Svg& svg) {
    for (int i = 0; i <= 5; ++i) {
      const double share = i / 5.0;
      svg.line({x(share), kTop}, {x(share), kTop + kSide}, {ink::kGrid});
      svg.line({kLeft, y(share)}, {kLeft + kSide, y(share)}, {ink::kGrid});
      svg.text({kLeft - 8, y(share) + 4}, number_text(share, 1), {11, "end", ink::kMuted});
      svg.text({x(share), kTop + kSide + kHistogram + 28}, number_text(share, 1), {11, "middle", ink::kMuted});
    }
    svg.text({22, kTop + kSide / 2}, "accuracy", {12, "middle", ink::kMuted, false, -90});
    svg.text({22, kTop + kSide + 10 + kHistogram / 2}, "pictures", {12, "middle", ink::kMuted, false, -90});
    svg.text({kLeft + kSide / 2, kTop + kSide + kHistogram + 48}, "confidence", {12, "middle", ink::kMuted});
  }

  void draw_bin(Svg& svg, const ReliabilityBin& bin) const {
    if (bin.count == 0) return;
    const double left = x(bin.low) + 1, width = x(bin.high) - x(bin.low) - 2;
    svg.open(cat(bin.count, " pictures of confidence ", number_text(bin.confidence, 2), ": accuracy ",
                 number_text(bin.accuracy, 2)));
    svg.rectangle({left, y(bin.accuracy)}, width, y(0) - y(bin.accuracy), series_colour(0), 0.85);
    const double low = std::min(bin.accuracy, bin.confidence), high = std::max(bin.accuracy, bin.confidence);
    svg.rectangle({left, y(high)}, width, y(low) - y(high), series_colour(1), 0.4);
    svg.line({left, y(bin.confidence)}, {left + width, y(bin.confidence)}, {series_colour(1), 2});
    int64_t most = 1;
    for (const ReliabilityBin& other : report_.reliability) most = std::max(most, other.count);
    const double tall = (kHistogram - 18) * double(bin.count) / double(most), floor = kTop + kSide + 10 + kHistogram;
    svg.rectangle({left, floor - tall}, width, tall, ink::kAxis, 0.7);
    svg.text({left + width / 2, floor - tall - 4}, cat(bin.count), {10.5, "middle", ink::kMuted});
    svg.close();
  }

  static void draw_key(Svg& svg) {
    svg.rectangle({kLeft, 66}, 12, 10, series_colour(0), 0.85);
    svg.text({kLeft + 17, 75}, "accuracy", {11.5});
    svg.rectangle({kLeft + 88, 66}, 12, 10, series_colour(1), 0.4);
    svg.text({kLeft + 105, 75}, "gap to the mean confidence", {11.5});
    svg.line({kLeft + 272, 71}, {kLeft + 294, 71}, {ink::kText, 1.25, "5 4"});
    svg.text({kLeft + 299, 75}, "calibrated", {11.5});
  }

  const std::string& title_;
  const RecognitionReport& report_;
};

}  // namespace

Svg confusion_chart(const std::string& title, const std::vector<std::string>& labels,
                    const std::vector<std::vector<int64_t>>& counts) {
  if (labels.size() != counts.size()) throw UsageError("confusion chart: expected one row of counts per label");
  const Used used = used_labels(counts);
  double names = 60;
  for (const size_t label : used.columns) names = std::max(names, text_width(labels[label], 12.5));
  const double left = chart::kMargin + names + 12, top = chart::kHeading + names * 0.72 + 22;
  const double width = left + double(used.columns.size()) * kCell + names * 0.5 + 60;
  Svg svg(std::max(width, 420.0), top + double(used.rows.size()) * kCell + 22, title,
          "Rows: true label. Columns: predicted label.");
  chart::heading(svg, title, "Rows: true label. Columns: predicted label. Right: number of pictures.",
                 std::max(width, 420.0));
  for (size_t c = 0; c < used.columns.size(); ++c)
    svg.text({left + double(c) * kCell + kCell / 2 - 2, top - 8}, labels[used.columns[c]],
             {12.5, "start", ink::kText, false, -42});
  for (size_t r = 0; r < used.rows.size(); ++r)
    confusion_row(svg, labels, counts[used.rows[r]], used.rows[r], used.columns, {left, top + double(r) * kCell});
  return svg;
}

Svg reliability_chart(const std::string& title, const RecognitionReport& report) {
  return ReliabilityChart(title, report).draw();
}

}  // namespace daclip
