#include "eval/training_log.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "core/files.h"
#include "core/labels.h"
#include "eval/text.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;

void add_point(TrainingLog& log, const std::string& key, double step, double value) {
  std::vector<Point>& points = log.series[key];
  while (!points.empty() && points.back().x >= step) points.pop_back();  // resumed from an earlier step
  points.push_back({step, value});
}

// Collects numbers at any depth, with keys joined by '.'. Lists (the confusion matrix) and nulls (not finite) are
// skipped.
void add_numbers(TrainingLog& log, const std::string& prefix, const Json& json, double step, int depth = 0) {
  if (json.is_number()) add_point(log, prefix, step, json.get<double>());
  if (json.is_object() && depth < 8)
    for (const auto& [key, value] : json.items())
      add_numbers(log, prefix.empty() ? key : prefix + "." + key, value, step, depth + 1);
}

void add_mean_psnr(TrainingLog& log, const Json& validation, double step) {
  double sum = 0;
  int count = 0;
  for (int i = 0; i < kDegradationCount; ++i) {
    const auto task = validation.find(kLabels[size_t(i)]);
    if (task == validation.end() || !task->is_object()) continue;
    const auto psnr = task->find("psnr");
    if (psnr != task->end() && psnr->is_number()) sum += psnr->get<double>(), ++count;
  }
  if (count) add_point(log, "validation.psnr", step, sum / count);
}

// Throws FormatError describing the problem with the line.
void add_line(TrainingLog& log, const std::string& line) {
  Json json = Json::parse(line, nullptr, false);
  if (json.is_discarded()) throw FormatError("not JSON, perhaps truncated");
  if (!json.is_object()) throw FormatError("expected an object");
  const auto step = json.find("step");
  if (step == json.end() || !step->is_number() || !(step->get<double>() >= 0))
    throw FormatError("missing number \"step\"");
  const double x = step->get<double>();
  json.erase("step");
  add_numbers(log, "", json, x);
  const auto validation = json.find("validation");
  if (validation != json.end() && validation->is_object()) add_mean_psnr(log, *validation, x);
}

}  // namespace

TrainingLog read_training_log(const fs::path& path) {
  const fs::path file = fs::is_directory(path) ? path / "log.jsonl" : path;
  TrainingLog log;
  const fs::path whole = fs::absolute(file).lexically_normal();
  log.name = (file.stem() == "log" ? whole.parent_path() : whole.stem()).filename().string();
  const std::vector<uint8_t> bytes = read_file(file);
  std::istringstream lines(std::string(bytes.begin(), bytes.end()));
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      add_line(log, line);
    } catch (const FormatError& error) {
      log.problems.push_back(cat(file.string(), ": line ", number, ": ", error.what(), "; ignored"));
    }
  }
  if (log.series.empty())
    throw FormatError(cat(file.string(), ": not a training log; expected lines such as {\"step\": 50, \"loss\": 0.1}"));
  return log;
}

std::vector<Point> smoothed(const std::vector<Point>& points, double share) {
  std::vector<Point> result;
  double sum = 0, weight = 0;
  for (const Point& p : points) {
    sum = share * sum + (1 - share) * p.y;
    weight = share * weight + (1 - share);
    result.push_back({p.x, sum / weight});
  }
  return result;
}

}  // namespace daclip
