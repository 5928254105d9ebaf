#include "data/pack_builder.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/labels.h"
#include "core/random.h"
#include "data/pack.h"
#include "data/pictures.h"
#include "data/tables.h"
#include "image/io.h"
#include "image/resize.h"

namespace daclip {
namespace fs = std::filesystem;
namespace {

struct Job {
  std::string name, kind;
  fs::path gt, lq;
  std::vector<std::string> captions;
};

void check_label(const std::string& label) {
  if (label_index(label) < 0) throw UsageError(cat("unknown label '", label, "'"));
}

void add_folder(const fs::path& folder, const std::string& label, std::vector<Job>& jobs) {
  check_label(label);
  for (const fs::path& path : list_pictures(folder, true))
    jobs.push_back({fs::relative(path, folder).generic_string(), label, path, {}, {}});
}

void add_pairs(const PackOptions::Labelled& pairs, std::vector<Job>& jobs) {
  check_label(pairs.label);
  std::map<std::string, fs::path> inputs;
  for (const fs::path& path : list_pictures(pairs.folder / "LQ", true)) inputs[path.stem().string()] = path;
  for (const fs::path& path : list_pictures(pairs.folder / "GT", true)) {
    const auto input = inputs.find(path.stem().string());
    if (input == inputs.end())
      throw IoError(cat(path.string(), ": has no partner in ", (pairs.folder / "LQ").string()));
    jobs.push_back({pairs.label + "/" + path.stem().string(), pairs.label, path, input->second, {}});
  }
}

void add_captions(const fs::path& table, const fs::path& root, std::vector<Job>& jobs) {
  std::map<std::string, size_t> known;
  for (CaptionRow& row : read_captions(table)) {
    const auto [it, fresh] = known.try_emplace(row.filepath, jobs.size());
    if (fresh) jobs.push_back({row.filepath, "clean", file_of(row.filepath, table, root), {}, {}});
    jobs[it->second].captions.push_back(std::move(row.title));
  }
}

// Rows may name photos that are not packed; these are ignored.
void apply_labels(const fs::path& table, const fs::path& root, std::vector<Job>& jobs) {
  std::map<fs::path, std::vector<int>> labels;
  for (LabelRow& row : read_label_table(table))
    labels[file_of(row.filepath, table, root).lexically_normal()] = std::move(row.labels);
  std::erase_if(jobs, [&](Job& job) {
    const auto found = labels.find(job.gt.lexically_normal());
    if (found == labels.end() || !job.lq.empty()) return false;
    job.kind = kLabels[size_t(found->second.front())];
    return found->second.size() > 1;
  });
}

struct Cut {
  int x = 0, y = 0, side = 0;  // side 0 means the whole photo
};

FloatImage prepare(const fs::path& path, int max_size) {
  FloatImage rgb = to_rgb(read_image(path));
  const int longer = std::max(rgb.width, rgb.height);
  if (max_size == 0 || longer <= max_size) return rgb;
  const auto shrunk = [&](int side) { return std::max(1, int(int64_t(side) * max_size / longer)); };
  return resize(rgb, shrunk(rgb.width), shrunk(rgb.height));
}

FloatImage cut_out(const FloatImage& image, const Cut& cut) {
  if (cut.side == 0) return image;
  FloatImage result(cut.side, cut.side, 3);
  for (int y = 0; y < cut.side; ++y) {
    const float* source = image.row(cut.y + y) + size_t(cut.x) * 3;
    std::copy(source, source + size_t(cut.side) * 3, result.row(y));
  }
  return result;
}

PackPhoto load(const Job& job, const PackOptions& options) {
  const FloatImage gt = prepare(job.gt, options.max_size);
  Cut cut;
  if (options.crop > 0) {
    uint64_t hash = options.seed;
    for (char c : job.name) hash = mix_seed(hash, uint8_t(c));
    Random random(hash);
    cut.side = std::min({options.crop, gt.width, gt.height});
    cut.x = int(random.below(gt.width - cut.side + 1));
    cut.y = int(random.below(gt.height - cut.side + 1));
  }
  PackPhoto photo;
  photo.name = job.name;
  photo.kind = job.kind;
  photo.captions = job.captions;
  photo.width = cut.side > 0 ? cut.side : gt.width;
  photo.height = cut.side > 0 ? cut.side : gt.height;
  photo.gt = to_bytes(cut_out(gt, cut));
  if (!job.lq.empty()) {
    const FloatImage lq = prepare(job.lq, options.max_size);
    if (!lq.same_size(gt)) throw FormatError(cat(job.lq.string(), ": differs in size from its partner"));
    photo.lq = to_bytes(cut_out(lq, cut));
  }
  return photo;
}

}  // namespace

PackSummary pack_dataset(const PackOptions& options, const fs::path& out,
                         const std::function<void(size_t, size_t)>& progress) {
  const auto check = [](int value, const char* name) {
    if (value != 0 && value < 16) throw UsageError(cat(name, " ", value, ": expected 0 or at least 16"));
  };
  check(options.max_size, "max-size");
  check(options.crop, "crop");
  std::vector<Job> jobs;
  for (const fs::path& folder : options.clean) add_folder(folder, std::string(kCleanLabel), jobs);
  for (const PackOptions::Labelled& damaged : options.damaged) add_folder(damaged.folder, damaged.label, jobs);
  for (const PackOptions::Labelled& pairs : options.pairs) add_pairs(pairs, jobs);
  for (const fs::path& table : options.captions) add_captions(table, options.root, jobs);
  for (const fs::path& table : options.labels) apply_labels(table, options.root, jobs);
  if (jobs.empty()) throw UsageError("nothing to pack: no photos found");

  PackSummary summary;
  PackWriter writer(out);
  for (size_t i = 0; i < jobs.size(); ++i) {
    try {
      writer.add(load(jobs[i], options));
      ++summary.photos;
      summary.pairs += jobs[i].lq.empty() ? 0 : 1;
      summary.damaged += jobs[i].lq.empty() && jobs[i].kind != "clean" ? 1 : 0;
      summary.captions += jobs[i].captions.size();
    } catch (const FormatError& error) {
      summary.skipped.push_back(error.what());
    } catch (const LimitError& error) {
      summary.skipped.push_back(error.what());
    }
    if (progress) progress(i + 1, jobs.size());
  }
  if (summary.photos == 0) throw FormatError("nothing to pack: no photo could be read");
  writer.finish();
  return summary;
}

}  // namespace daclip
