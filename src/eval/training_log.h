// Training logs, and their curves.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "eval/charts.h"
#include "eval/table.h"

namespace daclip {

struct TrainingLog {
  std::string name;
  // By key: "loss", "lr" ... of step lines, "validation.gain", "validation.noisy.psnr" ... of validation lines, in
  // order of steps. "validation.psnr" is the mean over the degradations, "clean" left out. Where a run was resumed from
  // an earlier step, the later lines replace the earlier ones.
  std::map<std::string, std::vector<Point>> series;
  std::vector<std::string> problems;  // damaged lines, left out, "FILE: line N: ..." each
};

// log.jsonl of daclip-train, or a folder that holds one, whose name the run then has. Throws IoError; FormatError where
// no line is of a training log.
TrainingLog read_training_log(const std::filesystem::path& path);

struct TrainingChartOptions {
  std::string title = "Training";
  // Keys of series, or "loss", "psnr", "gain", "accuracy", "lr" (these five are the default, where there), "tasks"
  // (PSNR and accuracy of each degradation).
  std::vector<std::string> show;
  double smooth = 0.9;  // of step lines' curves: share of the mean so far in the running mean, [0,1); 0 leaves them raw
};

// Throws UsageError where no log has what `show` names, or nothing is left to show.
CurveChart training_chart(std::span<const TrainingLog> logs, const TrainingChartOptions& options);

// Last and best values of each run.
Table training_table(std::span<const TrainingLog> logs);

// The same weights' running mean, begun without a bias towards zero.
std::vector<Point> smoothed(const std::vector<Point>& points, double share);

}  // namespace daclip
