#include "data/check.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/threads.h"
#include "data/perceptual_hash.h"
#include "data/pictures.h"
#include "data/tables.h"
#include "data/test_set.h"
#include "image/io.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

struct Picture {
  int width = 0, height = 0;
  std::optional<uint64_t> hash;
  std::string error;
};
using Pictures = std::map<fs::path, Picture>;

// All splits of a root, with sets called SPLIT/NAME; otherwise the sets that read_test_sets finds.
std::vector<TestSet> all_sets(const fs::path& root_or_list, const fs::path& root) {
  std::vector<TestSet> sets;
  std::error_code error;
  for (const char* split : {"train", "val", "test"}) {
    if (!fs::is_directory(root_or_list / split, error)) continue;
    try {
      for (TestSet& set : read_test_sets(root_or_list / split)) {
        set.name = cat(split, "/", set.name);
        sets.push_back(std::move(set));
      }
    } catch (const UsageError&) {  // a folder with the name of a split that holds no sets
    }
  }
  return sets.empty() ? read_test_sets(root_or_list, root) : sets;
}

void look_at(const fs::path& path, Picture& picture) {
  try {
    const FloatImage rgb = to_rgb(read_image(path));
    picture = {rgb.width, rgb.height, perceptual_hash(rgb), {}};
  } catch (const Error& error) {
    picture.error = error.what();
  }
}

// The file of the undamaged photo, or else of the damaged one.
const fs::path& photo_of(const TestImage& image) { return image.gt.empty() ? image.lq : image.gt; }

CheckedSet check_set(const TestSet& set, const Pictures& pictures) {
  CheckedSet checked;
  checked.name = set.name;
  checked.labels = set.labels;
  checked.images = set.images.size();
  checked.problems = set.problems;
  for (const TestImage& image : set.images) {
    const Picture* first = nullptr;
    const fs::path* first_path = nullptr;
    for (const fs::path* path : {&image.lq, &image.gt, &image.mask}) {
      if (path->empty() || (path == &image.gt && image.gt == image.lq)) continue;
      const Picture& picture = pictures.at(*path);
      if (!picture.error.empty()) {
        checked.problems.push_back(picture.error);
        continue;
      }
      const bool fresh = checked.max_width == 0;
      checked.min_width = fresh ? picture.width : std::min(checked.min_width, picture.width);
      checked.min_height = fresh ? picture.height : std::min(checked.min_height, picture.height);
      checked.max_width = std::max(checked.max_width, picture.width);
      checked.max_height = std::max(checked.max_height, picture.height);
      if (first && (first->width != picture.width || first->height != picture.height))
        checked.problems.push_back(cat(path->string(), ": ", picture.width, "x", picture.height, " pixels, but ",
                                       first_path->string(), " has ", first->width, "x", first->height));
      if (!first) first = &picture, first_path = path;
    }
  }
  return checked;
}

std::vector<fs::path> caption_tables(const fs::path& root_or_list, const CheckOptions& options) {
  std::error_code error;
  if (!options.captions.empty() || !fs::is_directory(root_or_list, error)) return options.captions;
  std::vector<fs::path> tables;
  for (const auto& entry : fs::directory_iterator(root_or_list, error)) {
    const std::string name = entry.path().filename().string();
    if (name == "captions.tsv" || (name.starts_with("daclip_") && name.ends_with(".csv")))
      tables.push_back(entry.path());
  }
  std::sort(tables.begin(), tables.end());
  return tables;
}

// The photos that some table has captions for. Paths start from the table's folder, or from the root if given.
std::set<fs::path> captioned_photos(const std::vector<fs::path>& tables, const fs::path& root, DatasetCheck& check) {
  std::set<fs::path> photos;
  for (const fs::path& table : tables) {
    size_t missing = 0;
    std::string first;
    for (const CaptionRow& row : read_captions(table)) {
      ++check.caption_rows;
      const fs::path path = file_of(row.filepath, table, root);
      std::error_code error;
      if (!fs::exists(path, error)) {
        if (missing++ == 0) first = row.filepath;
      } else if (!split_title(row.title).caption.empty()) {
        photos.insert(resolved(path));
      }
    }
    if (missing > 0)
      check.problems.push_back(cat(table.string(), ": ", missing, " rows name missing files, the first: ", first));
  }
  return photos;
}

void find_duplicates(const std::set<fs::path>& train, const std::set<fs::path>& test, const Pictures& pictures,
                     int distance, DatasetCheck& check) {
  check.train_photos = train.size();
  check.test_photos = test.size();
  for (const fs::path& b : test)
    for (const fs::path& a : train) {
      const auto &hash_a = pictures.at(a).hash, &hash_b = pictures.at(b).hash;
      if (hash_a && hash_b && hash_distance(*hash_a, *hash_b) <= distance)
        check.duplicates.push_back({a, b, hash_distance(*hash_a, *hash_b)});
    }
}

void look_at_all(Pictures& pictures, int threads, const std::function<void(size_t, size_t)>& progress) {
  std::vector<Pictures::value_type*> list;
  for (auto& entry : pictures) list.push_back(&entry);
  std::mutex mutex;
  size_t done = 0;
  for_each_index(list.size(), threads, [&](size_t i) {
    look_at(list[i]->first, list[i]->second);
    const std::lock_guard lock(mutex);
    ++done;
    if (progress) progress(done, list.size());
  });
}

}  // namespace

size_t DatasetCheck::problem_count() const {
  size_t count = problems.size() + duplicates.size();
  for (const CheckedSet& set : sets) count += set.problems.size();
  return count;
}

DatasetCheck check_dataset(const fs::path& root_or_list, const CheckOptions& options,
                           const std::function<void(size_t, size_t)>& progress) {
  if (options.distance < 0 || options.distance > 20)
    throw UsageError(cat("distance ", options.distance, ": expected 0 to 20 bits"));
  const std::vector<TestSet> sets = all_sets(root_or_list, options.root);
  Pictures pictures;
  std::set<fs::path> train, test, extra;
  for (const TestSet& set : sets)
    for (const TestImage& image : set.images) {
      for (const fs::path& path : {image.lq, image.gt, image.mask})
        if (!path.empty()) pictures[path];
      (set.name.starts_with("train/") ? train : test).insert(photo_of(image));
    }
  for (const fs::path& folder : options.train)
    for (const fs::path& path : list_pictures(folder, true)) {
      pictures[path];
      train.insert(path);
      extra.insert(path);
    }
  look_at_all(pictures, options.threads, progress);

  DatasetCheck check;
  for (const fs::path& path : extra)
    if (const std::string& error = pictures.at(path).error; !error.empty()) check.problems.push_back(error);
  const std::set<fs::path> captioned = captioned_photos(caption_tables(root_or_list, options), options.root, check);
  for (const TestSet& set : sets) {
    CheckedSet checked = check_set(set, pictures);
    for (const TestImage& image : set.images)
      checked.captioned += captioned.contains(resolved(image.lq)) || captioned.contains(resolved(image.gt));
    check.sets.push_back(std::move(checked));
  }
  find_duplicates(train, test, pictures, options.distance, check);
  return check;
}

}  // namespace daclip
