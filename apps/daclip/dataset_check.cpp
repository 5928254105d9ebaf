#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>

#include "core/error.h"
#include "core/labels.h"
#include "core/threads.h"
#include "data/check.h"
#include "dataset.h"
#include "progress.h"
#include "text.h"

namespace daclip::app {
namespace {

using Json = nlohmann::ordered_json;

struct CheckArguments {
  CheckOptions options;
  std::vector<std::string> train, captions;
  std::string root_or_list, root;
  bool json = false;
};

std::string sizes(const CheckedSet& set) {
  if (set.max_width == 0) return "-";
  const std::string smallest = cat(set.min_width, "x", set.min_height);
  const std::string largest = cat(set.max_width, "x", set.max_height);
  return smallest == largest ? smallest : smallest + " to " + largest;
}

void print_text(const DatasetCheck& check) {
  size_t width = 4;
  for (const CheckedSet& set : check.sets) width = std::max(width, set.name.size());
  std::printf("%-*s  %6s  %9s  %8s  pixels\n", int(width), "set", "images", "captioned", "problems");
  for (const CheckedSet& set : check.sets)
    std::printf("%-*s  %6zu  %9zu  %8zu  %s\n", int(width), set.name.c_str(), set.images, set.captioned,
                set.problems.size(), sizes(set).c_str());
  if (check.train_photos > 0)
    std::printf("%zu duplicates between %zu training and %zu test photos\n", check.duplicates.size(),
                check.train_photos, check.test_photos);
  std::fflush(stdout);
  for (const CheckedSet& set : check.sets)
    for (const std::string& problem : set.problems) complain(cat(set.name, ": ", problem));
  for (const Duplicate& pair : check.duplicates)
    complain(cat(pair.test, " shows what ", pair.train, " shows (distance ", pair.distance, ")"));
  for (const std::string& problem : check.problems) complain(problem);
}

void print_json(const DatasetCheck& check) {
  Json sets = Json::array(), duplicates = Json::array();
  for (const CheckedSet& set : check.sets) {
    Json labels = Json::array();
    for (int label : set.labels) labels.push_back(kLabels[size_t(label)]);
    sets.push_back({{"name", set.name},
                    {"labels", labels},
                    {"images", set.images},
                    {"smallest", {set.min_width, set.min_height}},
                    {"largest", {set.max_width, set.max_height}},
                    {"captioned", set.captioned},
                    {"problems", set.problems}});
  }
  for (const Duplicate& pair : check.duplicates)
    duplicates.push_back({{"train", pair.train.string()}, {"test", pair.test.string()}, {"distance", pair.distance}});
  std::cout << Json{{"sets", sets},
                    {"train_photos", check.train_photos},
                    {"test_photos", check.test_photos},
                    {"duplicates", duplicates},
                    {"caption_rows", check.caption_rows},
                    {"problems", check.problems}}
                   .dump(2, ' ', false, Json::error_handler_t::replace)
            << std::endl;
}

int run_check(CheckArguments& arguments) {
  CheckOptions& options = arguments.options;
  options.root = arguments.root;
  options.train.assign(arguments.train.begin(), arguments.train.end());
  options.captions.assign(arguments.captions.begin(), arguments.captions.end());
  options.threads = threads_or_all(options.threads);
  const DatasetCheck check = check_dataset(arguments.root_or_list, options, counting("looking at pictures"));
  if (arguments.json)
    print_json(check);
  else
    print_text(check);
  return check.problem_count() == 0 ? kAllDone : kSomeFailed;
}

}  // namespace

void add_dataset_check(CLI::App& verb, Run& run) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App& check = *verb.add_subcommand(
      "check", "Look through a data set: counts, sizes, unreadable files, partners, duplicates, captions");
  check
      .add_option("ROOT", arguments->root_or_list,
                  "ROOT/<degradation>/{LQ,GT}, also below train/, val/ and test/; or a list")
      ->type_name("FOLDER|LIST")
      ->required();
  check.add_option("--root", arguments->root, "What paths in the list and in captions start from")->type_name("FOLDER");
  check.add_option("--train", arguments->train, "Folders of training photos, none of which should be in the test sets")
      ->type_name("FOLDER");
  check
      .add_option("--captions", arguments->captions,
                  "Tables (TSV) with the columns filepath and title (default: captions.tsv and daclip_*.csv in ROOT)")
      ->type_name("FILE");
  check
      .add_option("--distance", arguments->options.distance, "Photos whose hashes differ in so few bits are duplicates")
      ->check(CLI::Range(0, 20))
      ->capture_default_str();
  check.add_flag("--json", arguments->json, "Print JSON");
  check.add_option("--threads", arguments->options.threads, "0: all cores")->check(CLI::Range(0, 1024))->default_val(0);
  check.callback([arguments, &run] { run = [arguments] { return run_check(*arguments); }; });
}

}  // namespace daclip::app
