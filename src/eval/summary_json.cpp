#include <cmath>
#include <nlohmann/json.hpp>

#include "eval/summary.h"

namespace daclip {
namespace {

using Json = nlohmann::ordered_json;

// JSON has neither NaN nor infinity: writes null and "inf".
Json number(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

Json as_json(const Estimates& estimates) {
  Json json = Json::object();
  for (int c = 0; c < kColumnCount; ++c) {
    const Estimate& e = estimates[size_t(c)];
    if (e.count + e.infinite == 0) continue;
    Json entry = {{"mean", number(e.mean)}, {"low", number(e.low)}, {"high", number(e.high)}, {"count", e.count}};
    if (e.infinite) entry["infinite"] = e.infinite;
    json[std::string(column_info(Column(c)).name)] = entry;
  }
  return json;
}

Json as_json(const MethodRecognition& method) {
  const RecognitionReport& r = method.report;
  Json labels = Json::object(), confused = Json::array();
  for (size_t i = 0; i < method.labels.size(); ++i)
    if (!std::isnan(r.per_label[i])) labels[method.labels[i]] = r.per_label[i];
  for (const ConfusedPair& pair : r.confused)
    confused.push_back({{"truth", method.labels[size_t(pair.truth)]},
                        {"predicted", method.labels[size_t(pair.predicted)]},
                        {"count", pair.count}});
  Json json = {{"method", method.method},
               {"images", r.count},
               {"hits", r.hits},
               {"accuracy", number(r.accuracy)},
               {"macro_accuracy", number(r.macro_accuracy)},
               {"ece", number(r.ece)},
               {"per_label", labels},
               {"confused", confused}};
  if (r.mixed)
    json["mixed"] = {{"images", r.mixed},
                     {"hits", r.mixed_hits},
                     {"recall", number(r.mixed_recall)},
                     {"exact", number(r.mixed_exact)}};
  return json;
}

}  // namespace

std::string summary_json(const Summary& summary, const std::vector<MethodRecognition>& recognition) {
  Json json = {{"sets", Json::array()}, {"averages", Json::array()}, {"recognition", Json::array()}};
  for (const SetSummary& set : summary.sets) {
    Json entry = {{"dataset", set.dataset}, {"degradation", set.degradation}, {"method", set.method},
                  {"group", set.group},     {"images", set.images},           {"failed", set.failed}};
    entry.update(as_json(set.estimates));
    for (const SetFigure& figure : set.figures)
      entry[figure.method == "input" ? figure.name + "_input" : figure.name] = number(figure.value);
    json["sets"].push_back(entry);
  }
  for (const GroupAverage& average : summary.averages) {
    Json entry = {{"group", average.group}, {"method", average.method}};
    entry.update(as_json(average.estimates));
    json["averages"].push_back(entry);
  }
  for (const MethodRecognition& method : recognition) json["recognition"].push_back(as_json(method));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace daclip
