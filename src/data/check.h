// Checks a data set before it is used for training or evaluation: unreadable files, missing partners, duplicates,
// missing captions.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace daclip {

struct CheckOptions {
  std::filesystem::path root;  // base of a TOML list's paths, see read_test_sets
  // folders of training photos, recursively, in addition to the root's train/
  std::vector<std::filesystem::path> train;
  std::vector<std::filesystem::path> captions;  // tables; if empty, captions.tsv and daclip_*.csv of the root
  int distance = 10;                            // perceptual hashes up to this distance are duplicates, 0-20 bits
  int threads = 1;
};

struct CheckedSet {
  std::string name;  // "train/rainy" if the root has splits
  std::vector<int> labels;
  size_t images = 0;                  // with all their files, readable or not
  int min_width = 0, min_height = 0;  // smallest over all readable pictures
  int max_width = 0, max_height = 0;
  size_t captioned = 0;
  std::vector<std::string> problems;  // one line each: unreadable files, missing partners, partners of different size
};

struct Duplicate {
  std::filesystem::path train, test;
  int distance = 0;  // differing bits of the perceptual hash
};

struct DatasetCheck {
  std::vector<CheckedSet> sets;
  size_t train_photos = 0, test_photos = 0;  // numbers of photos compared with each other
  std::vector<Duplicate> duplicates;         // in order of the test photos
  size_t caption_rows = 0;
  std::vector<std::string> problems;  // of training folders and tables

  size_t problem_count() const;  // sum of all problems; 0 if the data are valid
};

// `root_or_list`: as for read_test_sets, but all of train/, val/ and test/ are checked in a root with splits.
// `progress(done, total)` counts pictures. Throws what read_test_sets throws, UsageError (distance), IoError and
// FormatError (tables, folders).
DatasetCheck check_dataset(const std::filesystem::path& root_or_list, const CheckOptions& options,
                           const std::function<void(size_t, size_t)>& progress = {});

}  // namespace daclip
