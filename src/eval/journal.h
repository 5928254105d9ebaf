// The files to which an evaluation appends its results line by line, so that an interrupted run can continue.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "eval/result.h"

namespace daclip {

// The settings that determine an evaluation's values. A report may combine rows of two runs only if these agree.
struct EvalSettings {
  int crop_border = 0;
  std::vector<std::string> metrics;
  std::map<std::string, std::string> methods, sets;  // by name: a one-line description of each
};

// Network features of an image, by the measure computed from them: {"frechet-alex", (256)}.
using Features = std::map<std::string, std::vector<float>>;

// The files settings.json, results.jsonl and features.jsonl of a report. If lines are damaged, the files are rewritten
// without them.
class Journal {
 public:
  // Creates the folder. `fresh` deletes the results of earlier runs unread. Throws UsageError if earlier runs had other
  // settings for something that both runs contain, IoError, FormatError.
  Journal(const std::filesystem::path& folder, const EvalSettings& settings, bool fresh);

  const std::vector<std::string>& problems() const { return problems_; }  // one line per damaged line

  // Whether there is a row, and it has no error.
  bool done(const std::string& dataset, const std::string& image, const std::string& method) const;

  // Both functions hand their data to the operating system before they return. Throw IoError.
  void add(const Result& result);
  void add_features(const std::string& dataset, const std::string& image, const std::string& who,
                    const Features& features);

  const std::vector<Result>& results() const { return results_; }
  // The features of one measure for every image of a set, by the image's name; empty if there are none.
  std::map<std::string, std::vector<float>> features(const std::string& dataset, const std::string& who,
                                                     const std::string& figure) const;
  bool has_features(const std::string& dataset, const std::string& image, const std::string& who) const;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // dataset, who, image

  void check_settings(const EvalSettings& settings);
  void read_features();
  void append(const char* file, const std::string& line) const;

  std::filesystem::path folder_;
  std::vector<Result> results_;
  std::map<Key, size_t> rows_;  // index into results_
  std::map<Key, Features> features_;
  std::vector<std::string> problems_;
};

}  // namespace daclip
