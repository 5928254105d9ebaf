#include "train/dataset.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "core/error.h"
#include "degrade/degrade.h"

namespace daclip {
namespace {

// Of the file name alone, so that a photo in two packs under different folders is held out of both.
uint64_t name_hash(const std::string& name) {
  uint64_t hash = 0;
  for (char c : std::filesystem::path(name).stem().string()) hash = mix_seed(hash, uint8_t(c));
  return hash;
}

}  // namespace

Dataset load_dataset(const TrainConfig& config) {
  if (config.data.packs.empty()) throw UsageError("data.packs: expected at least one pack");
  Dataset data;
  for (const std::string& path : config.data.packs) {
    std::vector<PackPhoto> photos = read_pack(path, std::max(1, config.run.loader_threads));
    std::move(photos.begin(), photos.end(), std::back_inserter(data.train));
  }
  // One photo in `rarity` is held out, whatever packs it is in. Those beyond the number wanted are not used at all.
  constexpr uint64_t rarity = 24;
  if (config.data.holdout > 0) {
    const auto held = std::stable_partition(data.train.begin(), data.train.end(), [](const PackPhoto& photo) {
      return photo.kind != "clean" || name_hash(photo.name) % rarity != 0;
    });
    std::move(held, data.train.end(), std::back_inserter(data.holdout));
    data.train.erase(held, data.train.end());
    std::stable_sort(data.holdout.begin(), data.holdout.end(),
                     [](const PackPhoto& a, const PackPhoto& b) { return name_hash(a.name) < name_hash(b.name); });
    if (data.holdout.size() > size_t(config.data.holdout)) data.holdout.resize(size_t(config.data.holdout));
  }
  return data;
}

Sample validation_sample(const Dataset& data, size_t index, int label) {
  const PackPhoto& photo = data.holdout.at(index);
  Sample sample;
  sample.label = label;
  sample.photo = index;
  sample.gt = to_float_image(photo.gt, photo.width, photo.height);
  sample.lq = sample.gt;
  if (label != kClean) {
    sample.lq = degrade(sample.gt, {std::string(kLabels[size_t(label)]), {}}, index, Severity::paper);
    sample.lq = to_float_image(to_bytes(sample.lq), sample.lq.width, sample.lq.height);
  }
  return sample;
}

FloatImage centre(const FloatImage& image, int size) {
  CropPlan plan;
  plan.width = std::min(size, image.width);
  plan.height = std::min(size, image.height);
  plan.x = (image.width - plan.width) / 2;
  plan.y = (image.height - plan.height) / 2;
  return crop(image, plan);
}

}  // namespace daclip
