#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/labels.h"
#include "eval/text.h"
#include "eval/training_log.h"

namespace daclip {
namespace {

struct Known {
  std::string_view word;  // the word in `show`
  std::string_view key;
  std::string_view title;
};

constexpr Known kKnown[] = {
    {"loss", "loss", "Training loss"},
    {"psnr", "validation.psnr", "Validation PSNR, dB, mean of the degradations"},
    {"gain", "validation.gain", "Validation gain over the input, dB"},
    {"accuracy", "accuracy", "Training accuracy"},
    {"accuracy", "validation.accuracy", "Validation accuracy"},
    {"lr", "lr", "Learning rate"},
};

bool any_has(std::span<const TrainingLog> logs, std::string_view key) {
  return std::any_of(logs.begin(), logs.end(),
                     [&](const TrainingLog& log) { return log.series.count(std::string(key)); });
}

std::string title_of(const std::string& key) {
  for (const Known& known : kKnown)
    if (known.key == key) return std::string(known.title);
  for (const std::string_view label : kLabels) {
    if (key == cat("validation.", label, ".psnr")) return cat(label, ", validation PSNR, dB");
    if (key == cat("validation.per_label.", label)) return cat(label, ", validation accuracy");
  }
  return key;
}

void append(std::vector<std::string>& keys, std::string_view key) {
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.emplace_back(key);
}

// The existing keys that a word of `show` selects.
std::vector<std::string> keys_of(std::span<const TrainingLog> logs, const std::string& word) {
  std::vector<std::string> keys;
  for (const Known& known : kKnown)
    if (known.word == word && any_has(logs, known.key)) append(keys, known.key);
  if (word == "tasks")
    for (const std::string_view label : kLabels)
      for (const std::string& key : {cat("validation.", label, ".psnr"), cat("validation.per_label.", label)})
        if (any_has(logs, key)) append(keys, key);
  if (any_has(logs, word)) append(keys, word);
  return keys;
}

std::string all_keys(std::span<const TrainingLog> logs) {
  std::set<std::string> keys;
  for (const TrainingLog& log : logs)
    for (const auto& [key, points] : log.series) keys.insert(key);
  std::string text;
  for (const std::string& key : keys) text += (text.empty() ? "" : ", ") + key;
  return text;
}

std::vector<std::string> chosen_keys(std::span<const TrainingLog> logs, const std::vector<std::string>& show) {
  std::vector<std::string> keys;
  if (show.empty())
    for (const Known& known : kKnown)
      if (any_has(logs, known.key)) append(keys, known.key);
  for (const std::string& word : show) {
    const std::vector<std::string> found = keys_of(logs, word);
    if (found.empty()) throw UsageError(cat("no log has \"", word, "\"; available: ", all_keys(logs)));
    for (const std::string& key : found) append(keys, key);
  }
  if (keys.empty()) throw UsageError(cat("the logs have none of the default curves; available: ", all_keys(logs)));
  return keys;
}

CurvePanel panel_of(std::span<const TrainingLog> logs, const std::string& key, double smooth) {
  CurvePanel panel{title_of(key), {}};
  const bool validation = key.starts_with("validation.");
  for (size_t i = 0; i < logs.size(); ++i) {
    const auto found = logs[i].series.find(key);
    if (found == logs[i].series.end()) continue;
    const bool smoothing = !validation && smooth > 0 && key != "lr" && found->second.size() > 4;
    panel.curves.push_back({logs[i].name, i, found->second, validation, smoothing});
    if (smoothing) panel.curves.push_back({logs[i].name, i, smoothed(found->second, smooth), false, false});
  }
  return panel;
}

Cell best_cell(const TrainingLog& log, const std::string& key, int digits) {
  const auto found = log.series.find(key);
  if (found == log.series.end()) return {};
  const Point best = *std::max_element(found->second.begin(), found->second.end(),
                                       [](const Point& a, const Point& b) { return a.y < b.y; });
  return {number_text(best.y, digits), "at " + number_text(best.x, 0)};
}

}  // namespace

CurveChart training_chart(std::span<const TrainingLog> logs, const TrainingChartOptions& options) {
  if (!(options.smooth >= 0 && options.smooth < 1))
    throw UsageError(cat("smoothing ", options.smooth, " is not in [0,1)"));
  CurveChart chart;
  chart.title = options.title;
  for (const TrainingLog& log : logs) chart.names.push_back(log.name);
  for (const std::string& key : chosen_keys(logs, options.show))
    chart.panels.push_back(panel_of(logs, key, options.smooth));
  return chart;
}

Table training_table(std::span<const TrainingLog> logs) {
  Table table{"runs", "Runs", "Best values with their step.", {{"Run", false}, {"Steps"}, {"Last loss"}}, {}};
  struct Best {
    const char* key;
    const char* title;
    int digits;
  };
  std::vector<Best> shown;
  for (const Best& best : {Best{"validation.psnr", "Best PSNR, dB", 2},
                           {"validation.gain", "Best gain, dB", 2},
                           {"validation.accuracy", "Best accuracy", 3}})
    if (any_has(logs, best.key)) {
      shown.push_back(best);
      table.columns.push_back({best.title});
    }
  for (const TrainingLog& log : logs) {
    double steps = 0;
    for (const auto& [key, points] : log.series) steps = std::max(steps, points.back().x);
    const auto loss = log.series.find("loss");
    TableRow row{
        {{log.name}, {number_text(steps, 0)}, {loss == log.series.end() ? "" : number_text(loss->second.back().y, 4)}}};
    for (const Best& best : shown) row.cells.push_back(best_cell(log, best.key, best.digits));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace daclip
