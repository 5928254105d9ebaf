#include "metrics/metric_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "nets/inception.h"
#include "nets/weight_check.h"
#include "weights/indexed_floats.h"
#include "weights/state_dict.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

struct Published {
  const char* stem;  // start of the file's name, before an optional "-hash"
  const char* file;  // the published file name
  const char* from;
};

constexpr const char* kTorchvision = "https://download.pytorch.org/models/";
constexpr const char* kLpips = "lpips/weights/v0.1/ of https://github.com/richzhang/PerceptualSimilarity";
constexpr Published kInception = {"pt_inception-2015-12-05", "pt_inception-2015-12-05-6726825d.pth",
                                  "releases of https://github.com/mseitzer/pytorch-fid"};

Published backbone_of(PerceptualNet net) {
  switch (net) {
    case PerceptualNet::alex: return {"alexnet", "alexnet-owt-7be5be79.pth", kTorchvision};
    case PerceptualNet::squeeze: return {"squeezenet1_1", "squeezenet1_1-b8a52dc0.pth", kTorchvision};
    case PerceptualNet::vgg: return {"vgg16", "vgg16-397923af.pth", kTorchvision};
  }
  throw UsageError("an unknown perceptual network");
}

bool has_weights_ending(const fs::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".pth" || ending == ".pt" || ending == ".safetensors" || ending == ".f32";
}

// The first weights file in name order whose name is `stem`, or `stem`, `separator` and anything.
std::optional<fs::path> find_file(const fs::path& folder, const std::string& stem, char separator) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().stem().string();
    if (has_weights_ending(entry.path()) && (name == stem || name.starts_with(stem + separator)))
      found.push_back(entry.path());
  }
  if (error) throw IoError(cat(folder.string(), ": cannot be listed: ", error.message()));
  if (found.empty()) return {};
  return *std::min_element(found.begin(), found.end());
}

std::string wanted(const Published& file) { return cat(file.file, " (", file.from, ")"); }

// Finds the file with the tensors of the published file `part`. `whole` is the stem of files that contain everything.
// `beside` is mentioned in messages as also needed.
fs::path locate(const fs::path& weights, const Published& part, const std::string& whole, const std::string& what,
                const Published* beside = nullptr) {
  std::string expected = wanted(part);
  if (beside) expected = cat(wanted(*beside), " and ", expected);
  if (!whole.empty()) expected = cat(expected, ", or one file ", whole, "*");
  if (weights.empty())
    throw WeightsError(cat(what,
                           ": no folder of metric weights given (--metric-weights, DACLIP_METRIC_WEIGHTS); "
                           "expected one with ",
                           expected));
  if (!fs::exists(weights)) throw WeightsError(cat(weights.string(), ": not found; expected a folder with ", expected));
  if (!fs::is_directory(weights)) return weights;
  if (!whole.empty())
    if (const auto file = find_file(weights, whole, '_')) return *file;
  if (const auto file = find_file(weights, part.stem, '-')) return *file;
  throw WeightsError(cat(what, ": ", weights.string(), " lacks ", expected));
}

NamedArrays read_any(const fs::path& path) {
  return path.extension() == ".f32" ? read_indexed_floats(path) : read_state_dict(path).arrays;
}

// Index of the layer convN or fireN (names in the index form) among torchvision's features.
std::optional<int> place(PerceptualNet net, std::string_view layer) {
  constexpr int kAlex[] = {0, 3, 6, 8, 10}, kFires[] = {3, 4, 6, 7, 9, 10, 11, 12};
  if (layer.size() != 5) return {};
  const int number = layer[4] - '0';
  if (net == PerceptualNet::alex && layer.starts_with("conv") && number >= 1 && number <= 5) return kAlex[number - 1];
  if (net == PerceptualNet::squeeze && layer == "conv1") return 0;
  if (net == PerceptualNet::squeeze && layer.starts_with("fire") && number >= 2 && number <= 9)
    return kFires[number - 2];
  return {};
}

// torchvision's name of a backbone tensor given in any known form: features.3.weight; net.slice2.3.weight (lpips
// package); conv2.weight (index form). Other names are returned unchanged.
std::string backbone_name(PerceptualNet net, std::string_view name) {
  constexpr std::string_view kSlice = "net.slice";
  const size_t dot = name.find('.', name.starts_with(kSlice) ? kSlice.size() : 0);
  if (dot == std::string_view::npos) return std::string(name);
  if (name.starts_with(kSlice)) return cat("features", name.substr(dot));
  if (const auto index = place(net, name.substr(0, dot))) return cat("features.", *index, name.substr(dot));
  return std::string(name);
}

// Keeps only the tensors that `specs` lists.
NamedArrays selected(NamedArrays arrays, const std::vector<WeightSpec>& specs) {
  NamedArrays chosen;
  for (const WeightSpec& spec : specs)
    if (const auto it = arrays.arrays.find(spec.name); it != arrays.arrays.end()) chosen.arrays.insert(*it);
  return chosen;
}

std::vector<float> finite_values(const NamedArray& array, const std::string& name, const fs::path& file) {
  std::vector<float> values = array.to_floats();
  for (const float value : values)
    if (!std::isfinite(value))
      throw WeightsError(cat(file.string(), ": ", name, " contains values that are not finite"));
  return values;
}

// Selects the network's tensors from `arrays`, checking that all exist, have the right shapes and are finite.
NamedArrays checked(NamedArrays arrays, const std::vector<WeightSpec>& specs, const fs::path& file,
                    const Published& published) {
  const NamedArrays chosen = selected(std::move(arrays), specs);
  check_tensors(specs, chosen, cat(file.string(), ", network of ", published.file));
  for (const auto& [name, array] : chosen.arrays) finite_values(array, name, file);
  return chosen;
}

std::string whole_stem(PerceptualNet net) { return cat("lpips_", perceptual_net_name(net)); }

}  // namespace

fs::path metric_weights_folder(const fs::path& given) {
  if (!given.empty()) return given;
  const char* folder = std::getenv("DACLIP_METRIC_WEIGHTS");
  return folder ? folder : "";
}

NamedArrays read_perceptual_net(const fs::path& weights, PerceptualNet net) {
  const Published part = backbone_of(net);
  const fs::path file = locate(weights, part, whole_stem(net), part.stem);
  NamedArrays named;
  for (auto& [name, array] : read_any(file).arrays) named.arrays.emplace(backbone_name(net, name), std::move(array));
  return checked(std::move(named), perceptual_weights(net), file, part);
}

std::vector<std::vector<float>> read_lpips_heads(const fs::path& weights, PerceptualNet net) {
  const std::string own = cat(perceptual_net_name(net), ".pth");
  const Published part = {perceptual_net_name(net), own.c_str(), kLpips};
  const Published backbone = backbone_of(net);
  const fs::path file = locate(weights, part, whole_stem(net), cat("LPIPS on ", backbone.stem), &backbone);
  const NamedArrays arrays = read_any(file);
  std::vector<std::vector<float>> heads;
  for (const int64_t channels : perceptual_channels(net)) {
    const size_t tap = heads.size();
    const std::string published = cat("lin", tap, ".model.1.weight"), index_form = cat("lin", tap, ".weight");
    const std::string& name = arrays.has(published) ? published : index_form;
    if (!arrays.has(name))
      throw WeightsError(cat(file.string(), ": no ", published, ", expected the LPIPS heads of ", wanted(part)));
    heads.push_back(finite_values(arrays.at(name), name, file));
    if (heads.back().size() != size_t(channels))
      throw WeightsError(
          cat(file.string(), ": ", name, " is ", to_string(arrays.at(name).shape), ", expected ", channels, " values"));
  }
  return heads;
}

NamedArrays read_inception(const fs::path& weights) {
  const fs::path file = locate(weights, kInception, "", "FID");
  return checked(read_any(file), inception_weights(), file, kInception);
}

}  // namespace daclip
