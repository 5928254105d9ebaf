#include "eval/report.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "eval/charts.h"
#include "eval/gallery.h"
#include "eval/page.h"
#include "eval/summary.h"
#include "eval/tables.h"
#include "eval/text.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct NamedChart {
  std::string file;
  Svg svg;
};

std::string suffix(const std::string& group) { return group.empty() ? "" : "-" + plain_name(group); }

// The sets of a group as categories, the methods as series; empty if nothing was measured.
CategoryChart chart_of(const Summary& summary, const std::string& group, Column column, std::string title,
                       std::string axis) {
  CategoryChart chart{group.empty() ? std::move(title) : cat(title, ", ", group), std::move(axis), {}, {}, 0, false};
  for (const SetSummary& set : summary.sets)
    if (set.group == group && set.of(column).count > 0 &&
        std::find(chart.categories.begin(), chart.categories.end(), set.dataset) == chart.categories.end())
      chart.categories.push_back(set.dataset);
  chart.digits = column_info(column).digits;
  chart.sign = column == Column::gain;
  for (const std::string& method : summary.methods) {
    ChartSeries series{method};
    for (const std::string& dataset : chart.categories) {
      const SetSummary* set = summary.find(dataset, method);
      const Estimate estimate = set && set->of(column).count ? set->of(column) : Estimate{};
      series.values.push_back(estimate.mean);
      series.low.push_back(estimate.low);
      series.high.push_back(estimate.high);
    }
    const bool any = std::any_of(series.values.begin(), series.values.end(), [](double v) { return std::isfinite(v); });
    if (any) chart.series.push_back(std::move(series));
  }
  return chart;
}

// Inserts the input before the methods, as their baseline.
void add_input(CategoryChart& chart, const Summary& summary, Column input) {
  ChartSeries series{"input"};
  series.reference = true;
  for (const std::string& dataset : chart.categories) {
    double value = kNone;
    for (const SetSummary& set : summary.sets)
      if (set.dataset == dataset && set.of(input).count && std::isnan(value)) value = set.of(input).mean;
    series.values.push_back(value);
  }
  if (std::any_of(series.values.begin(), series.values.end(), [](double v) { return std::isfinite(v); }))
    chart.series.insert(chart.series.begin(), std::move(series));
}

void add_charts(std::vector<NamedChart>& charts, const CategoryChart& chart, const std::string& name) {
  if (chart.series.empty()) return;
  constexpr size_t kMostSpokes = 16;
  if (chart.categories.size() >= 3 && chart.categories.size() <= kMostSpokes)
    charts.push_back({cat("radar-", name, ".svg"), radar_chart(chart)});
  charts.push_back({cat("bars-", name, ".svg"), bar_chart(chart)});
}

std::vector<NamedChart> charts_of(const Summary& summary, const std::vector<MethodRecognition>& recognition) {
  std::vector<NamedChart> charts;
  for (const std::string& group : summary.groups) {
    add_charts(charts, chart_of(summary, group, Column::gain, "PSNR gain", "dB over the input; higher is better"),
               "psnr-gain" + suffix(group));
    CategoryChart psnr = chart_of(summary, group, Column::psnr, "PSNR", "dB; higher is better");
    add_input(psnr, summary, Column::psnr_input);
    if (psnr.series.size() > 1) charts.push_back({cat("bars-psnr", suffix(group), ".svg"), bar_chart(psnr)});
    CategoryChart lpips = chart_of(summary, group, Column::lpips, "LPIPS", "lower is better");
    add_input(lpips, summary, Column::lpips_input);
    add_charts(charts, lpips, "lpips" + suffix(group));
  }
  for (const MethodRecognition& m : recognition) {
    const bool single = m.report.count > m.report.mixed;
    if (single)
      charts.push_back({cat("confusion-", plain_name(m.method), ".svg"),
                        confusion_chart("Recognition, " + m.method, m.labels, m.report.confusion)});
    charts.push_back(
        {cat("reliability-", plain_name(m.method), ".svg"), reliability_chart("Confidence, " + m.method, m.report)});
  }
  return charts;
}

struct Contents {
  Summary summary;
  std::vector<Table> tables;
  std::vector<NamedChart> charts;
};

std::string failures_html(const std::vector<Result>& results) {
  std::string rows;
  for (const Result& r : results)
    if (!r.error.empty())
      rows += cat("<li>", escape_xml(r.dataset), ", ", escape_xml(r.image), ", ", escape_xml(r.method), ": ",
                  escape_xml(r.error), "</li>\n");
  return rows.empty() ? "" : cat("<h2 id=\"failed\">Failed</h2>\n<ul>\n", rows, "</ul>\n");
}

std::string report_page(const Contents& contents, const std::vector<Result>& results, const ReportOptions& options,
                        bool gallery) {
  std::string body = cat("<header>\n<h1>", escape_xml(options.title), "</h1>\n");
  for (const std::string& note : options.notes) body += cat("<p>", escape_xml(note), "</p>\n");
  body +=
      cat("<p>Files: <a href=\"results.csv\">results.csv</a>, <a href=\"summary.json\">summary.json</a>, "
          "<a href=\"tables.md\">tables.md</a>, <a href=\"tables.tex\">tables.tex</a>",
          gallery ? ", <a href=\"gallery.html\">the gallery</a>" : "", "</p>\n</header>\n<main>\n<h2>Tables</h2>\n");
  for (const Table& table : contents.tables) body += to_html(table);
  if (!contents.charts.empty()) {
    body += "<h2>Charts</h2>\n<div class=\"charts\">\n";
    for (const NamedChart& chart : contents.charts) body += "<figure>\n" + chart.svg.element() + "</figure>\n";
    body += "</div>\n";
  }
  return html_page(options.title, body + failures_html(results) + "</main>\n");
}

std::string markdown(const Contents& contents, const ReportOptions& options) {
  std::string text = cat("## ", escape_markdown(options.title), "\n\n");
  for (const std::string& note : options.notes) text += escape_markdown(note) + "\n\n";
  for (const Table& table : contents.tables) text += to_markdown(table) + "\n";
  return text;
}

std::string latex(const Contents& contents) {
  std::string text = "% Needs \\usepackage{booktabs,graphicx}\n";
  for (const Table& table : contents.tables) text += "\n" + to_latex(table);
  return text;
}

// Removes files that an earlier report may have left and this one does not write.
void remove_old(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool chart = name.ends_with(".svg") && (name.starts_with("radar-") || name.starts_with("bars-") ||
                                                  name.starts_with("confusion-") || name.starts_with("reliability-"));
    if (chart || name == "gallery.html") fs::remove(entry.path(), ignored);
  }
}

}  // namespace

void write_report(const fs::path& folder, const std::vector<Result>& results, const ReportOptions& options) {
  const std::vector<MethodRecognition> recognition = summarise_recognition(results);
  Contents contents{summarise(results, options), {}, {}};
  contents.tables = score_tables(contents.summary, options);
  for (Table& table : recognition_tables(recognition)) contents.tables.push_back(std::move(table));
  contents.charts = charts_of(contents.summary, recognition);
  const std::string gallery = options.gallery ? gallery_page(folder, results, options) : "";

  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw IoError(cat(folder.string(), ": ", error.message()));
  remove_old(folder);
  for (const NamedChart& chart : contents.charts) write_text(folder / chart.file, chart.svg.file());
  write_results_csv(folder / "results.csv", results);
  write_text(folder / "summary.json", summary_json(contents.summary, recognition));
  write_text(folder / "tables.md", markdown(contents, options));
  write_text(folder / "tables.tex", latex(contents));
  if (!gallery.empty()) write_text(folder / "gallery.html", gallery);
  write_text(folder / "report.html", report_page(contents, results, options, !gallery.empty()));
}

}  // namespace daclip
