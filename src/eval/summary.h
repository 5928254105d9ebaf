// Results per image gathered into means of each set and method, and averages over sets.
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

// NaN where the result has none. `gain` is PSNR over the input's, where both are finite; `recognised` is 1 where the
// predicted label is among the set's, else 0.
double value_of(const Result& result, Column column);

using Estimates = std::array<Estimate, kColumnCount>;

struct SetSummary {
  std::string dataset, degradation, method;
  std::string group, paper;    // DatasetInfo
  int images = 0, failed = 0;  // failed ones have no values
  Estimates estimates;
  std::vector<SetFigure> figures;  // of this method, and those of the inputs, whose method is "input"

  const Estimate& of(Column column) const { return estimates[size_t(column)]; }
};

// Means over the sets of a group in which all methods have values that have any in the group, so that they can be
// compared; `count` of an estimate is the number of these sets.
struct GroupAverage {
  std::string group, method;
  Estimates estimates;
  const Estimate& of(Column column) const { return estimates[size_t(column)]; }
};

struct Summary {
  std::vector<std::string> groups, methods;  // in the order of the results
  std::vector<SetSummary> sets;              // by group, then set, then method
  std::vector<GroupAverage> averages;        // of groups of two sets or more

  // Nothing where the method has no row of that set.
  const SetSummary* find(const std::string& dataset, const std::string& method) const;
};

Summary summarise(const std::vector<Result>& results, const ReportOptions& options);

// What a method recognised: pictures with a prediction and labels. `labels` are kLabels and, behind them, others that
// occur. Nothing where there is no such picture.
struct MethodRecognition {
  std::string method;
  std::vector<std::string> labels;
  RecognitionReport report;
};
std::vector<MethodRecognition> summarise_recognition(const std::vector<Result>& results);

// All of it for programs: summary.json.
std::string summary_json(const Summary& summary, const std::vector<MethodRecognition>& recognition);

}  // namespace daclip
