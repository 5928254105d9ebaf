#include "eval/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "core/files.h"

namespace daclip {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSettings = "settings.json";
constexpr const char* kResults = "results.jsonl";
constexpr const char* kFeatures = "features.jsonl";

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string feature_line(const std::string& dataset, const std::string& image, const std::string& who,
                         const Features& features) {
  return dump(Json{{"dataset", dataset}, {"image", image}, {"who", who}, {"features", features}});
}

EvalSettings settings_from(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  try {
    const Json json = Json::parse(bytes);
    EvalSettings settings;
    settings.crop_border = json.at("crop_border");
    settings.metrics = json.at("metrics");
    settings.methods = json.at("methods");
    settings.sets = json.at("sets");
    return settings;
  } catch (const nlohmann::json::exception&) {
    throw FormatError(cat(path.string(), ": not the settings of an evaluation; --fresh starts over"));
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

Journal::Journal(const std::filesystem::path& folder, const EvalSettings& settings, bool fresh) : folder_(folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError(cat(folder.string(), ": cannot be created: ", error.message()));
  if (fresh)
    for (const char* name : {kSettings, kResults, kFeatures}) std::filesystem::remove(folder / name, error);
  check_settings(settings);
  if (std::filesystem::exists(folder / kResults)) {
    ResultLines lines = read_results_jsonl(folder / kResults);
    problems_ = std::move(lines.problems);
    results_ = std::move(lines.results);
    for (size_t i = 0; i < results_.size(); ++i)
      rows_[{results_[i].dataset, results_[i].method, results_[i].image}] = i;
  }
  if (std::filesystem::exists(folder / kFeatures)) read_features();
  std::string text;
  for (const Result& result : results_) text += to_json_line(result) + '\n';
  write_text(folder / kResults, text);
}

// The settings of earlier runs stay in the file, next to those of this run.
void Journal::check_settings(const EvalSettings& settings) {
  EvalSettings all = settings;
  const std::filesystem::path path = folder_ / kSettings;
  if (std::filesystem::exists(path)) {
    const EvalSettings before = settings_from(path);
    const auto check = [&](const std::string& what, const std::string& was, const std::string& is) {
      if (was != is)
        throw UsageError(cat(folder_.string(), ": started with other settings: ", what, " was ", was, ", now ", is,
                             "; choose another folder or use --fresh"));
    };
    check("--crop-border", cat(before.crop_border), cat(settings.crop_border));
    check("metrics", joined(before.metrics), joined(settings.metrics));
    for (const auto& [name, text] : before.methods)
      if (!all.methods.emplace(name, text).second) check("method " + name, text, settings.methods.at(name));
    for (const auto& [name, text] : before.sets)
      if (!all.sets.emplace(name, text).second) check("set " + name, text, settings.sets.at(name));
  }
  const Json json = {
      {"crop_border", all.crop_border}, {"metrics", all.metrics}, {"methods", all.methods}, {"sets", all.sets}};
  write_text(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

void Journal::read_features() {
  const std::filesystem::path path = folder_ / kFeatures;
  const std::vector<uint8_t> bytes = read_file(path);
  std::istringstream content(std::string(bytes.begin(), bytes.end()));
  std::string line, kept;
  for (size_t number = 1; std::getline(content, line); ++number) {
    try {
      const Json json = Json::parse(line);
      features_[{json.at("dataset"), json.at("who"), json.at("image")}] = json.at("features").get<Features>();
      kept += line + '\n';
    } catch (const nlohmann::json::exception&) {
      problems_.push_back(cat(path.string(), ": line ", number, ": not the features of an image"));
    }
  }
  if (kept.size() != bytes.size()) write_text(path, kept);
}

// Writes a whole line at once, so that an interrupted run leaves at most its last line damaged.
void Journal::append(const char* file, const std::string& line) const {
  const std::filesystem::path path = folder_ / file;
  const std::string text = line + '\n';
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == ssize_t(text.size());
  const std::string reason = written ? "" : std::strerror(errno);
  if (fd >= 0) ::close(fd);
  if (!written) throw IoError(cat(path.string(), ": cannot be written: ", reason));
}

bool Journal::done(const std::string& dataset, const std::string& image, const std::string& method) const {
  const auto row = rows_.find({dataset, method, image});
  return row != rows_.end() && results_[row->second].error.empty();
}

void Journal::add(const Result& result) {
  append(kResults, to_json_line(result));
  const auto [row, is_new] = rows_.try_emplace({result.dataset, result.method, result.image}, results_.size());
  if (is_new)
    results_.push_back(result);
  else
    results_[row->second] = result;
}

void Journal::add_features(const std::string& dataset, const std::string& image, const std::string& who,
                           const Features& features) {
  append(kFeatures, feature_line(dataset, image, who, features));
  features_[{dataset, who, image}] = features;
}

bool Journal::has_features(const std::string& dataset, const std::string& image, const std::string& who) const {
  return features_.count({dataset, who, image}) > 0;
}

std::map<std::string, std::vector<float>> Journal::features(const std::string& dataset, const std::string& who,
                                                            const std::string& figure) const {
  std::map<std::string, std::vector<float>> found;
  for (auto at = features_.lower_bound({dataset, who, ""}); at != features_.end(); ++at) {
    const auto& [set, name, image] = at->first;
    if (set != dataset || name != who) break;
    if (const auto values = at->second.find(figure); values != at->second.end()) found[image] = values->second;
  }
  return found;
}

}  // namespace daclip
