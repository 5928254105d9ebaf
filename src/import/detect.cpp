#include "import/detect.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "nets/registry.h"
#include "nets/tensor_shapes.h"
#include "weights/printable.h"

namespace daclip {
namespace {

std::string some_names(const NamedArrays& arrays) {
  constexpr size_t kShown = 4;
  std::string names;
  size_t shown = 0;
  for (const auto& [name, array] : arrays.arrays) {
    if (shown++ == kShown) return names + cat(" and ", arrays.arrays.size() - kShown, " more");
    names += (names.empty() ? "" : ", ") + printable(name);
  }
  return names;
}

bool dropped(const std::string& name) {
  return name == "input_resolution" || name == "context_length" || name == "vocab_size" || name.ends_with("attn_mask");
}

bool same(const NamedArray& a, const NamedArray& b) {
  if (a.type != b.type || a.shape != b.shape || a.bytes.size() != b.bytes.size()) return false;
  return a.bytes.data() == b.bytes.data() || std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin());
}

int heads_of(int width, int head_width, const std::string& what) {
  if (head_width < 1 || width % head_width != 0)
    throw WeightsError(cat(what, ": width ", width, " is not a multiple of the head width ", head_width));
  return width / head_width;
}

}  // namespace

bool holds_clip(const NamedArrays& arrays, const std::string& where) {
  for (const char* name : {"visual.conv1.weight", "clip.visual.conv1.weight", "visual_control.conv1.weight"}) {
    if (!arrays.has(name)) continue;
    if (arrays.has("visual.layer1.0.conv1.weight"))
      throw WeightsError(cat(where, ": CLIP with a ResNet as image tower, expected a vision transformer"));
    return true;
  }
  return false;
}

const NetworkType& detect_network_type(const NamedArrays& arrays, const std::string& where) {
  if (const NetworkType* type = matching_network_type(arrays)) return *type;
  std::string known = "CLIP, DA-CLIP";
  for (const NetworkType* type : network_types()) known += cat(", ", type->title);
  throw WeightsError(cat(where, ": holds none of ", known, "; found tensors ", some_names(arrays)));
}

void tidy_clip_names(NamedArrays& arrays, const std::string& where) {
  const bool daclip = std::any_of(arrays.arrays.begin(), arrays.arrays.end(), [](const auto& entry) {
    return entry.first.starts_with("clip.") || entry.first.starts_with("visual_control.");
  });
  std::map<std::string, NamedArray, std::less<>> tidied;
  for (auto& [name, array] : arrays.arrays) {
    if (dropped(name)) continue;
    const bool own = daclip && !name.starts_with("visual.");
    const std::string full = own ? name : "clip." + name;
    const auto [it, fresh] = tidied.emplace(full, array);
    if (!fresh && !same(it->second, array))
      throw WeightsError(cat(where, ": tensor ", printable(name), " occurs twice with different values"));
  }
  arrays.arrays = std::move(tidied);
}

DetectedClip detect_clip(const NamedArrays& arrays, const ClipHints& hints, const std::string& where) {
  const TensorShapes shapes(arrays, where);
  DetectedClip found;
  VisionConfig& vision = found.config.vision;
  vision.width = shapes.dim("clip.visual.conv1.weight", 0);
  vision.patch = shapes.dim("clip.visual.conv1.weight", 2);
  vision.layers = shapes.count("clip.visual.transformer.resblocks.", ".ln_1.weight");
  const int patches = shapes.dim("clip.visual.positional_embedding", 0) - 1;
  const int side = int(std::lround(std::sqrt(double(patches))));
  if (side * side != patches)
    throw WeightsError(cat(where, ": clip.visual.positional_embedding has ", patches, " patches, expected a square"));
  vision.image_size = side * vision.patch;
  vision.heads = heads_of(vision.width, hints.vision_head_width, where);
  found.config.embedding = shapes.dim("clip.visual.proj", 1);

  TextConfig& text = found.config.text;
  text.context = shapes.dim("clip.positional_embedding", 0);
  text.vocab = shapes.dim("clip.token_embedding.weight", 0);
  text.width = shapes.dim("clip.token_embedding.weight", 1);
  text.layers = shapes.count("clip.transformer.resblocks.", ".ln_1.weight");
  if (hints.text_heads == 0 && text.width % 64 != 0)
    throw WeightsError(cat(where, ": the text tower's width ", text.width,
                           " does not determine its number of heads; pass --text-heads or --config"));
  text.heads = hints.text_heads > 0 ? hints.text_heads : text.width / 64;
  found.controller = shapes.has("visual_control.conv1.weight");
  return found;
}

}  // namespace daclip
