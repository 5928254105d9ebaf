// Looks through a data set before it costs a training or an evaluation: what is unreadable, alone, doubled or
// uncaptioned.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace daclip {

struct CheckOptions {
  std::filesystem::path root;                // of a TOML list's paths, see read_test_sets
  std::vector<std::filesystem::path> train;  // folders of training photos, with sub-folders, besides the root's train/
  std::vector<std::filesystem::path> captions;  // tables; none: captions.tsv and daclip_*.csv of the root
  int distance = 10;                            // perceptual hashes so near are duplicates, 0-20 bits
  int threads = 1;
};

struct CheckedSet {
  std::string name;  // "train/rainy" where the root has splits
  std::vector<int> labels;
  size_t images = 0;                  // that have all their files, whatever is in them
  int min_width = 0, min_height = 0;  // each over all readable pictures
  int max_width = 0, max_height = 0;
  size_t captioned = 0;
  std::vector<std::string> problems;  // unreadable files, missing partners, partners of another size: one line each
};

struct Duplicate {
  std::filesystem::path train, test;
  int distance = 0;  // bits of the perceptual hash
};

struct DatasetCheck {
  std::vector<CheckedSet> sets;
  size_t train_photos = 0, test_photos = 0;  // compared with one another
  std::vector<Duplicate> duplicates;         // in order of the test photos
  size_t caption_rows = 0;
  std::vector<std::string> problems;  // of training folders and tables

  size_t problem_count() const;  // all of the above: 0 where the data are good
};

// `root_or_list`: as read_test_sets; of a root with splits all of train/, val/ and test/ are looked at.
// `progress(done, total)` counts pictures. Throws what read_test_sets throws, UsageError (distance), IoError and
// FormatError (tables, folders).
DatasetCheck check_dataset(const std::filesystem::path& root_or_list, const CheckOptions& options,
                           const std::function<void(size_t, size_t)>& progress = {});

}  // namespace daclip
