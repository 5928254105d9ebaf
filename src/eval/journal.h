// The files in which an evaluation grows, line by line, so that one that was broken off goes on.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "eval/result.h"

namespace daclip {

// What decides an evaluation's values. Rows of two runs stand in one report only where they agree.
struct EvalSettings {
  int crop_border = 0;
  std::vector<std::string> metrics;
  std::map<std::string, std::string> methods, sets;  // by name: what each is, in one line
};

// What networks make of an image, by the figure that is computed of them: {"frechet-alex", (256)}.
using Features = std::map<std::string, std::vector<float>>;

// settings.json, results.jsonl and features.jsonl of one report. Damaged lines are left out and the files written anew
// without them.
class Journal {
 public:
  // Makes the folder. With `fresh`, what earlier runs left is not looked at and goes. Throws UsageError where they had
  // other settings for what both have, IoError, FormatError.
  Journal(const std::filesystem::path& folder, const EvalSettings& settings, bool fresh);

  const std::vector<std::string>& problems() const { return problems_; }  // damaged lines, one line each

  // Whether there is a row without error.
  bool done(const std::string& dataset, const std::string& image, const std::string& method) const;

  // Both are on their way to the disk when the call returns. Throws IoError.
  void add(const Result& result);
  void add_features(const std::string& dataset, const std::string& image, const std::string& who,
                    const Features& features);

  const std::vector<Result>& results() const { return results_; }
  // Of one figure: of every image of a set by its name; nothing where there are none.
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
