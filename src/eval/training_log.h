// Training logs and their curves.
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
  // By key, in order of steps: "loss", "lr" ... from step lines, "validation.gain", "validation.noisy.psnr" ... from
  // validation lines. "validation.psnr" is the mean over the degradations without "clean". If a run was resumed from an
  // earlier step, later lines replace earlier ones.
  std::map<std::string, std::vector<Point>> series;
  std::vector<std::string> problems;  // damaged lines, which are ignored: "FILE: line N: ..."
};

// Reads daclip-train's log.jsonl, or that of a folder, whose name then becomes the run's. Throws IoError, and
// FormatError if no line belongs to a training log.
TrainingLog read_training_log(const std::filesystem::path& path);

struct TrainingChartOptions {
  std::string title = "Training";
  // Keys of series, or "loss", "psnr", "gain", "accuracy", "lr" (the default, as far as present), or "tasks" (PSNR and
  // accuracy of each degradation).
  std::vector<std::string> show;
  double smooth = 0.9;  // for step lines: weight of the past in the running mean, [0,1); 0 shows raw values
};

// Throws UsageError if no log has a series named in `show`, or there is nothing to show.
CurveChart training_chart(std::span<const TrainingLog> logs, const TrainingChartOptions& options);

// The last and best values of each run.
Table training_table(std::span<const TrainingLog> logs);

// The running mean with that weight, corrected for its bias towards zero at the start.
std::vector<Point> smoothed(const std::vector<Point>& points, double share);

}  // namespace daclip
