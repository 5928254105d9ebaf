#include "data/dataset_builder.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "core/threads.h"
#include "data/pictures.h"
#include "data/tables.h"
#include "degrade/wild.h"
#include "image/formats.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

struct Photo {
  fs::path path;
  std::string name;  // of its outputs, without ending
};

struct Target {
  std::string folder;
  std::optional<Chain> chain;  // nothing: the wild pipeline
};

// "sub/b.png" becomes "sub_b", behind the folder's own name where there are several.
std::vector<Photo> find_photos(const std::vector<fs::path>& clean) {
  std::vector<Photo> photos;
  std::error_code error;
  for (const fs::path& path : clean) {
    if (!fs::is_directory(path, error)) {
      photos.push_back({path, path.stem().string()});
      continue;
    }
    const std::string prefix = clean.size() > 1 ? fs::absolute(path).lexically_normal().filename().string() + "/" : "";
    for (const fs::path& picture : list_pictures(path, true)) {
      std::string name = prefix + picture.lexically_relative(path).replace_extension().generic_string();
      std::replace(name.begin(), name.end(), '/', '_');
      photos.push_back({picture, std::move(name)});
    }
  }
  if (photos.empty()) throw UsageError("nothing to build: no photos found");
  std::map<std::string, const Photo*> names;
  for (const Photo& photo : photos) {
    const auto [it, fresh] = names.emplace(photo.name, &photo);
    if (!fresh)
      throw UsageError(
          cat(it->second->path.string(), " and ", photo.path.string(), " would both be called ", photo.name));
  }
  return photos;
}

std::vector<Target> make_targets(const BuildOptions& options) {
  std::vector<Target> targets;
  std::set<std::string> folders;
  for (const Chain& chain : options.chains) {
    std::string folder;
    for (const DegradeSpec& step : chain.steps) folder += (folder.empty() ? "" : "+") + step.kind;
    if (!folders.insert(folder).second) throw UsageError(cat("two degradations would both be written to ", folder));
    targets.push_back({std::move(folder), chain});
  }
  if (options.wild) targets.push_back({"wild", std::nullopt});
  if (targets.empty()) throw UsageError("nothing to build: no degradation");
  return targets;
}

// Keeps what the folders were made with, so that a second run cannot mix two recipes. Returns the targets of this run
// and of those before.
std::vector<Target> check_settings(const BuildOptions& options, const std::vector<Target>& targets,
                                   const fs::path& root) {
  const fs::path path = root / "build.json";
  Json settings = {{"seed", options.seed},
                   {"severity", options.severity == Severity::paper ? "paper" : "training"},
                   {"format", short_name(*options.format)},
                   {"quality", options.quality}};
  Json recipes = Json::object();
  std::error_code error;
  if (fs::exists(path, error)) {
    Json before;
    try {
      const std::vector<uint8_t> bytes = read_file(path);
      before = Json::parse(bytes.begin(), bytes.end());
      recipes = before.at("recipes");
      if (!recipes.is_object()) throw FormatError("");
    } catch (const std::exception&) {
      throw FormatError(cat(path.string(), ": expected the settings of an earlier build"));
    }
    for (const auto& [key, value] : settings.items())
      if (!before.contains(key) || before[key] != value)
        throw UsageError(
            cat(root.string(), ": was built with another ", key, " (build.json); take it or another folder"));
  }
  for (const Target& target : targets) {
    const std::string recipe = target.chain ? to_text(*target.chain) : "wild";
    if (recipes.contains(target.folder) && recipes[target.folder] != recipe)
      throw UsageError(
          cat((root / target.folder).string(), ": was built as ", recipes[target.folder].dump(), ", not ", recipe));
    recipes[target.folder] = recipe;
  }
  settings["recipes"] = recipes;
  write_text(path, settings.dump(2) + "\n");
  std::vector<Target> all;
  for (const auto& [folder, recipe] : recipes.items())
    all.push_back({folder, recipe == "wild" ? std::nullopt : std::optional(parse_chain(recipe.get<std::string>()))});
  return all;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!fs::is_directory(folder, error)) throw IoError(cat(folder.string(), ": this folder cannot be made"));
}

// What a killed run left half-written: "a.png.Xy12zQ" where there is no a.png.
void remove_leftovers(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path meant = fs::path(entry.path()).replace_extension();
    if (entry.path().extension().string().size() == 7 && format_of_name(meant) && !fs::exists(meant, error))
      fs::remove(entry.path(), error);
  }
}

class Builder {
 public:
  Builder(const BuildOptions& options, const fs::path& root, std::vector<Target> targets)
      : options_(options), root_(root), targets_(std::move(targets)) {
    encode_.quality = options.quality;
  }

  fs::path path(const Target& target, const char* side, const Photo& photo) const {
    return root_ / target.folder / side / cat(photo.name, options_.format->endings.front());
  }
  bool complete(const Target& target, const Photo& photo) const {
    std::error_code error;
    return fs::exists(path(target, "LQ", photo), error) && fs::exists(path(target, "GT", photo), error);
  }

  // Returns how many pairs were written.
  size_t build(const Photo& photo) const {
    size_t written = 0;
    Image clean;
    for (const Target& target : targets_) {
      if (complete(target, photo)) continue;
      if (clean.data.empty()) clean = read_clean(photo.path);
      const Image damaged = from_rgb(damage(to_rgb(clean), target, photo));
      write_gt(target, photo, clean);
      write_image(path(target, "LQ", photo), damaged, *options_.format, encode_);
      ++written;
    }
    return written;
  }

 private:
  // As 8-bit RGB. A photo that cannot be read is a FormatError, so that only outputs throw IoError.
  static Image read_clean(const fs::path& path) {
    try {
      return from_rgb(to_rgb(read_image(path)));
    } catch (const IoError& error) {
      throw FormatError(error.what());
    }
  }

  FloatImage damage(const FloatImage& gt, const Target& target, const Photo& photo) const {
    uint64_t seed = options_.seed;
    for (char c : photo.name + "/" + target.folder) seed = mix_seed(seed, uint8_t(c));
    return target.chain ? degrade(gt, *target.chain, seed, options_.severity) : degrade_wild(gt, seed);
  }

  void write_gt(const Target& target, const Photo& photo, const Image& clean) const {
    const fs::path own = path(target, "GT", photo);
    std::error_code error;
    if (fs::exists(own, error)) return;
    for (const Target& other : targets_) {
      if (&other == &target || !fs::exists(path(other, "GT", photo), error)) continue;
      fs::create_hard_link(path(other, "GT", photo), own, error);
      if (!error) return;
    }
    write_image(own, clean, *options_.format, encode_);
  }

  const BuildOptions& options_;
  fs::path root_;
  std::vector<Target> targets_;
  EncodeOptions encode_;
};

// labels.tsv and captions.tsv of all pairs that are there.
size_t write_tables(const BuildOptions& options, const fs::path& root, const std::vector<Target>& targets,
                    const std::vector<Photo>& photos, const Builder& builder) {
  std::map<fs::path, std::vector<std::string>> words;
  for (const fs::path& table : options.captions)
    for (const CaptionRow& row : read_captions(table))
      words[resolved(file_of(row.filepath, table, options.captions_root))].push_back(row.title);
  std::vector<LabelRow> labels;
  std::vector<CaptionRow> captions;
  for (const Target& target : targets) {
    if (!target.chain) continue;
    for (const Photo& photo : photos) {
      if (!builder.complete(target, photo)) continue;
      const std::string lq = builder.path(target, "LQ", photo).lexically_relative(root).generic_string();
      labels.push_back({lq, chain_labels(*target.chain)});
      if (const auto found = words.find(resolved(photo.path)); found != words.end())
        for (const std::string& title : found->second)
          captions.push_back({lq, degraded_title(title, chain_labels(*target.chain))});
    }
  }
  write_label_table(root / "labels.tsv", labels);
  if (!options.captions.empty()) write_captions(root / "captions.tsv", captions);
  return captions.size();
}

}  // namespace

BuildSummary build_dataset(const BuildOptions& options, const fs::path& root,
                           const std::function<void(size_t, size_t)>& progress) {
  if (!options.format->encode) throw UsageError(not_written(*options.format));
  const std::vector<Target> targets = make_targets(options);
  const std::vector<Photo> photos = find_photos(options.clean);
  make_folder(root);
  const std::vector<Target> all_targets = check_settings(options, targets, root);
  for (const Target& target : targets)
    for (const char* side : {"LQ", "GT"}) {
      make_folder(root / target.folder / side);
      remove_leftovers(root / target.folder / side);
    }

  const Builder builder(options, root, targets);
  BuildSummary summary;
  summary.photos = photos.size();
  std::map<size_t, std::string> failed;  // in the photos' order, whatever the threads
  std::mutex mutex;
  size_t done = 0;
  for_each_index(photos.size(), options.threads, [&](size_t i) {
    size_t written = 0;
    std::string problem;
    try {
      written = builder.build(photos[i]);
    } catch (const FormatError& error) {
      problem = error.what();
    } catch (const LimitError& error) {
      problem = error.what();
    }
    const std::lock_guard lock(mutex);
    if (problem.empty())
      summary.kept += targets.size() - written;
    else
      failed[i] = problem;
    summary.written += written;
    if (progress) progress(++done, photos.size());
  });
  for (auto& [index, problem] : failed) summary.failed.push_back(std::move(problem));
  summary.captions = write_tables(options, root, all_targets, photos, builder);
  return summary;
}

}  // namespace daclip
