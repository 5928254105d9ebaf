#include "data/test_set.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "data/augmentation.h"
#include "data/pictures.h"
#include "data/tables.h"
#include "data/test_list.h"
#include "image/io.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// "rainy+hazy_street" -> rainy and hazy; empty if the name does not begin with labels.
std::vector<int> labels_of_name(const std::string& name) { return parse_labels(name.substr(0, name.find('_')), '+'); }

TestSet read_pair_folder(const fs::path& folder) {
  TestSet set;
  set.name = fs::absolute(folder).lexically_normal().filename().string();
  set.labels = labels_of_name(set.name);
  if (!is_folder(folder / "LQ")) {
    set.problems.push_back(cat(folder.string(), ": has no folder LQ; a TOML list can give a recipe that makes LQ"));
  } else if (!is_folder(folder / "GT")) {
    for (const fs::path& lq : pictures_by_name(folder / "LQ", set.problems))
      set.images.push_back({lq.stem().string(), {}, lq, {}});
  } else {
    add_pairs(set, folder / "LQ", folder / "GT");
  }
  return set;
}

std::vector<TestSet> read_layout(const fs::path& root) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error))
    if (is_folder(it->path() / "LQ") || is_folder(it->path() / "GT")) folders.push_back(it->path());
  if (error) throw IoError(cat(root.string(), ": cannot be read: ", error.message()));
  std::sort(folders.begin(), folders.end());
  std::vector<TestSet> sets;
  for (const fs::path& folder : folders) sets.push_back(read_pair_folder(folder));
  return sets;
}

FloatImage read_mask(const fs::path& path) {
  const FloatImage rgb = to_rgb(read_image(path));
  FloatImage mask(rgb.width, rgb.height, 1);
  for (size_t i = 0; i < mask.data.size(); ++i) {
    const float* pixel = rgb.data.data() + 3 * i;
    mask.data[i] = pixel[0] + pixel[1] + pixel[2] >= 1.5f ? 1.f : 0.f;
  }
  return mask;
}

void check_partner(const FloatImage& photo, const fs::path& photo_path, const FloatImage& other, const fs::path& path) {
  if (other.width != photo.width || other.height != photo.height)
    throw FormatError(cat(path.string(), ": ", other.width, "x", other.height, " pixels, but ", photo_path.string(),
                          " has ", photo.width, "x", photo.height));
}

}  // namespace

std::vector<fs::path> pictures_by_name(const fs::path& folder, std::vector<std::string>& problems) {
  std::vector<fs::path> pictures;
  if (!is_folder(folder)) {
    problems.push_back(cat(folder.string(), ": no such folder"));
    return pictures;
  }
  std::map<std::string, fs::path> names;
  for (const fs::path& path : list_pictures(folder, false)) {
    const auto [it, fresh] = names.try_emplace(path.stem().string(), path);
    if (fresh)
      pictures.push_back(path);
    else
      problems.push_back(
          cat(path.string(), ": ", it->second.filename().string(), " has the same name and is used instead"));
  }
  if (pictures.empty()) problems.push_back(cat(folder.string(), ": contains no pictures"));
  return pictures;
}

void add_pairs(TestSet& set, const fs::path& lq, const fs::path& gt) {
  std::map<std::string, fs::path> partners;
  for (const fs::path& path : pictures_by_name(gt, set.problems)) partners.emplace(path.stem().string(), path);
  for (const fs::path& path : pictures_by_name(lq, set.problems)) {
    const std::string name = path.stem().string();
    const auto partner = partners.find(name);
    if (partner == partners.end()) {
      set.problems.push_back(cat(path.string(), ": has no partner in ", gt.string()));
      continue;
    }
    set.images.push_back({name, partner->second, path, {}});
    partners.erase(partner);
  }
  for (const auto& [name, path] : partners)
    set.problems.push_back(cat(path.string(), ": has no partner in ", lq.string()));
}

std::vector<TestSet> read_test_sets(const fs::path& root_or_list, const fs::path& root) {
  std::error_code error;
  if (!fs::exists(root_or_list, error)) throw IoError(cat(root_or_list.string(), ": no such file or folder"));
  if (!is_folder(root_or_list)) return read_test_list(root_or_list, root);
  if (is_folder(root_or_list / "LQ") || is_folder(root_or_list / "GT")) return {read_pair_folder(root_or_list)};
  std::vector<TestSet> sets = read_layout(root_or_list);
  for (const char* split : {"test", "val", "train"})
    if (sets.empty() && is_folder(root_or_list / split)) sets = read_layout(root_or_list / split);
  if (sets.empty())
    throw UsageError(
        cat(root_or_list.string(), ": contains no test sets, expected folders <degradation>/{LQ,GT}, or a TOML list"));
  return sets;
}

TestPair load_pair(const TestSet& set, size_t index) {
  const TestImage& image = set.images.at(index);
  const fs::path& photo = image.lq.empty() ? image.gt : image.lq;
  const Image file = read_image(photo);
  const auto shown = [&](FloatImage picture) {
    if (set.grey) apply_tone(picture, Tone{});
    return picture;
  };
  TestPair pair;
  pair.lq = shown(to_rgb(file));
  if (!image.mask.empty()) {
    pair.mask = read_mask(image.mask);
    check_partner(pair.lq, photo, *pair.mask, image.mask);
  }
  if (image.lq.empty() && set.recipe) {
    const FloatImage damaged =
        degrade(pair.lq, *set.recipe, set.seed + index, Severity::paper, pair.mask ? &*pair.mask : nullptr);
    pair.gt = std::move(pair.lq);
    pair.lq = shown(to_rgb(from_rgb(damaged, file)));
  } else if (image.lq == image.gt) {
    pair.gt = pair.lq;
  } else if (!image.gt.empty()) {
    pair.gt = shown(to_rgb(read_image(image.gt)));
    check_partner(pair.lq, photo, *pair.gt, image.gt);
  }
  return pair;
}

}  // namespace daclip
