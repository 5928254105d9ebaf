// Aggregates results per image to means of each set and method, and to averages over sets.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/report.h"
#include "metrics/recognition.h"

namespace daclip {

enum class Column {
  psnr,
  gain,
  ssim,
  psnr_y,
  ssim_y,
  lpips,
  brisque,  // of the output
  psnr_input,
  ssim_input,
  lpips_input,
  brisque_input,  // of the input
  recognised,
  seconds
};
inline constexpr int kColumnCount = 13;

struct ColumnInfo {
  std::string_view name;   // in summary.json
  std::string_view title;  // in tables
  int better;              // +1 higher, -1 lower, 0 neither
  int digits;
};
const ColumnInfo& column_info(Column column);

// NaN if the result has none. `gain` is the PSNR minus the input's, if both are finite. `recognised` is 1 if the
// predicted label is one of the set's, else 0.
double value_of(const Result& result, Column column);

using Estimates = std::array<Estimate, kColumnCount>;

struct SetSummary {
  std::string dataset, degradation, method;
  std::string group, paper;    // from DatasetInfo
  int images = 0, failed = 0;  // failed images have no values
  Estimates estimates;
  std::vector<SetFigure> figures;  // of this method, and those of the inputs as method "input"

  const Estimate& of(Column column) const { return estimates[size_t(column)]; }
};

// Means over the sets of a group. To make methods comparable, only sets count in which every method with values in the
// group has one. An estimate's `count` is the number of these sets.
struct GroupAverage {
  std::string group, method;
  Estimates estimates;
  const Estimate& of(Column column) const { return estimates[size_t(column)]; }
};

struct Summary {
  std::vector<std::string> groups, methods;  // in the order of the results
  std::vector<SetSummary> sets;              // ordered by group, then set, then method
  std::vector<GroupAverage> averages;        // of groups with at least two sets

  // Null if the method has no row of that set.
  const SetSummary* find(const std::string& dataset, const std::string& method) const;
};

Summary summarise(const std::vector<Result>& results, const ReportOptions& options);

// A method's recognition, over the pictures that have a prediction and labels. `labels` are kLabels, followed by any
// others that occur. Empty if there is no such picture.
struct MethodRecognition {
  std::string method;
  std::vector<std::string> labels;
  RecognitionReport report;
};
std::vector<MethodRecognition> summarise_recognition(const std::vector<Result>& results);

// Everything in machine-readable form: summary.json.
std::string summary_json(const Summary& summary, const std::vector<MethodRecognition>& recognition);

}  // namespace daclip
