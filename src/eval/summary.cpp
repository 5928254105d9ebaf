#include "eval/summary.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/labels.h"

namespace daclip {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

constexpr std::array<ColumnInfo, kColumnCount> kColumns = {{
    {"psnr", "PSNR", +1, 2},
    {"gain", "Gain", +1, 2},
    {"ssim", "SSIM", +1, 3},
    {"psnr_y", "PSNR-Y", +1, 2},
    {"ssim_y", "SSIM-Y", +1, 3},
    {"lpips", "LPIPS", -1, 3},
    {"brisque", "BRISQUE", -1, 1},
    {"psnr_input", "Input PSNR", 0, 2},
    {"ssim_input", "Input SSIM", 0, 3},
    {"lpips_input", "Input LPIPS", 0, 3},
    {"brisque_input", "Input BRISQUE", 0, 1},
    {"recognised", "Recognised", +1, 3},
    {"seconds", "Seconds", -1, 2},
}};

// Positions of each set's results; sets and methods in order of appearance.
struct Grouped {
  std::vector<std::string> datasets, methods;
  std::map<std::pair<std::string, std::string>, std::vector<const Result*>> of;
};

void append_new(std::vector<std::string>& list, const std::string& name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
}

Grouped group(const std::vector<Result>& results) {
  Grouped grouped;
  for (const Result& r : results) {
    append_new(grouped.datasets, r.dataset);
    append_new(grouped.methods, r.method);
    grouped.of[{r.dataset, r.method}].push_back(&r);
  }
  return grouped;
}

std::vector<double> values_of(const std::vector<const Result*>& results, Column column) {
  std::vector<double> values;
  for (const Result* r : results) values.push_back(value_of(*r, column));
  return values;
}

const DatasetInfo& info_of(const ReportOptions& options, const std::string& dataset) {
  static const DatasetInfo none;
  const auto found = options.datasets.find(dataset);
  return found == options.datasets.end() ? none : found->second;
}

SetSummary summarise_set(const std::vector<const Result*>& results, const ReportOptions& options) {
  const Result& first = *results.front();
  SetSummary set;
  set.dataset = first.dataset, set.degradation = first.degradation, set.method = first.method;
  set.group = info_of(options, first.dataset).group, set.paper = info_of(options, first.dataset).paper;
  for (const Result* r : results) {
    ++set.images;
    set.failed += !r->error.empty();
  }
  for (int c = 0; c < kColumnCount; ++c)
    set.estimates[size_t(c)] = bootstrap_mean(values_of(results, Column(c)), options.seed);
  for (const SetFigure& figure : options.figures)
    if (figure.dataset == set.dataset && (figure.method == set.method || figure.method == "input"))
      set.figures.push_back(figure);
  return set;
}

// The sets of a group in which every method has a value of the column, not counting methods without any in the group.
std::vector<std::string> comparable_sets(const Summary& summary, const std::string& group, Column column) {
  std::vector<std::string> datasets, methods;
  for (const SetSummary& set : summary.sets)
    if (set.group == group && set.of(column).count > 0)
      append_new(datasets, set.dataset), append_new(methods, set.method);
  std::erase_if(datasets, [&](const std::string& dataset) {
    const auto with_values = std::count_if(summary.sets.begin(), summary.sets.end(), [&](const SetSummary& set) {
      return set.dataset == dataset && set.of(column).count > 0;
    });
    return size_t(with_values) < methods.size();
  });
  return datasets;
}

void add_averages(Summary& summary, const Grouped& grouped, const std::string& group, uint64_t seed) {
  std::vector<std::string> datasets, methods;
  for (const SetSummary& set : summary.sets)
    if (set.group == group) append_new(datasets, set.dataset), append_new(methods, set.method);
  if (datasets.size() < 2) return;
  for (const std::string& method : methods) {
    GroupAverage average{group, method, {}};
    for (int c = 0; c < kColumnCount; ++c) {
      std::vector<std::vector<double>> sets;
      for (const std::string& dataset : comparable_sets(summary, group, Column(c)))
        if (const auto results = grouped.of.find({dataset, method}); results != grouped.of.end())
          sets.push_back(values_of(results->second, Column(c)));
      average.estimates[size_t(c)] = bootstrap_average(sets, seed);
    }
    summary.averages.push_back(std::move(average));
  }
}

// Index of a label; a new label is appended.
int index_in(std::vector<std::string>& labels, const std::string& name) {
  const auto found = std::find(labels.begin(), labels.end(), name);
  if (found != labels.end()) return int(found - labels.begin());
  labels.push_back(name);
  return int(labels.size()) - 1;
}

RecognisedPicture recognition_of(const Result& result, std::vector<std::string>& labels) {
  RecognisedPicture picture;
  for (const std::string& label : result.truth) picture.truth.push_back(index_in(labels, label));
  picture.ranked.push_back(index_in(labels, result.predicted));
  picture.confidence = std::clamp(result.confidence, 0.0, 1.0);
  std::vector<std::pair<double, int>> others;
  for (const auto& [label, probability] : result.probabilities)
    if (label != result.predicted) others.push_back({-probability, index_in(labels, label)});
  std::sort(others.begin(), others.end());
  for (const auto& [negative, label] : others) picture.ranked.push_back(label);
  return picture;
}

}  // namespace

const SetSummary* Summary::find(const std::string& dataset, const std::string& method) const {
  const auto found = std::find_if(
      sets.begin(), sets.end(), [&](const SetSummary& set) { return set.dataset == dataset && set.method == method; });
  return found == sets.end() ? nullptr : &*found;
}

const ColumnInfo& column_info(Column column) { return kColumns[size_t(column)]; }

double value_of(const Result& r, Column column) {
  if (!r.error.empty()) return kNone;
  switch (column) {
    case Column::psnr: return r.psnr.value_or(kNone);
    case Column::gain: {
      const double gain = r.psnr.value_or(kNone) - r.psnr_input.value_or(kNone);
      return std::isfinite(gain) ? gain : kNone;
    }
    case Column::ssim: return r.ssim.value_or(kNone);
    case Column::psnr_y: return r.psnr_y.value_or(kNone);
    case Column::ssim_y: return r.ssim_y.value_or(kNone);
    case Column::lpips: return r.lpips.value_or(kNone);
    case Column::brisque: return r.brisque.value_or(kNone);
    case Column::psnr_input: return r.psnr_input.value_or(kNone);
    case Column::ssim_input: return r.ssim_input.value_or(kNone);
    case Column::lpips_input: return r.lpips_input.value_or(kNone);
    case Column::brisque_input: return r.brisque_input.value_or(kNone);
    case Column::recognised:
      if (r.predicted.empty() || r.truth.empty()) return kNone;
      return std::find(r.truth.begin(), r.truth.end(), r.predicted) != r.truth.end() ? 1 : 0;
    case Column::seconds: return r.seconds > 0 ? r.seconds : kNone;
  }
  return kNone;
}

Summary summarise(const std::vector<Result>& results, const ReportOptions& options) {
  const Grouped grouped = group(results);
  Summary summary;
  summary.methods = grouped.methods;
  for (const std::string& dataset : grouped.datasets) append_new(summary.groups, info_of(options, dataset).group);
  for (const std::string& name : summary.groups) {
    for (const std::string& dataset : grouped.datasets) {
      if (info_of(options, dataset).group != name) continue;
      for (const std::string& method : grouped.methods)
        if (const auto found = grouped.of.find({dataset, method}); found != grouped.of.end())
          summary.sets.push_back(summarise_set(found->second, options));
    }
    add_averages(summary, grouped, name, options.seed);
  }
  return summary;
}

std::vector<MethodRecognition> summarise_recognition(const std::vector<Result>& results) {
  std::vector<MethodRecognition> all;
  for (const std::string& method : group(results).methods) {
    MethodRecognition one{method, {kLabels.begin(), kLabels.end()}, {}};
    std::vector<RecognisedPicture> pictures;
    for (const Result& r : results)
      if (r.method == method && !std::isnan(value_of(r, Column::recognised)))
        pictures.push_back(recognition_of(r, one.labels));
    if (pictures.empty()) continue;
    one.report = report_recognition(pictures, int(one.labels.size()));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace daclip
