#include "import/detect.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "weights/printable.h"

namespace daclip {
namespace {

constexpr int kMaxBlocks = 1024;
constexpr int64_t kMaxLength = 1 << 24;

class Shapes {
 public:
  Shapes(const NamedArrays& arrays, const std::string& where) : arrays_(arrays), where_(where) {}

  bool has(const std::string& name) const { return arrays_.has(name); }

  // Length of dimension `index` of a tensor.
  int dim(const std::string& name, size_t index) const {
    const auto it = arrays_.arrays.find(name);
    if (it == arrays_.arrays.end()) throw WeightsError(cat(where_, ": missing tensor ", name));
    const std::vector<int64_t>& shape = it->second.shape;
    if (index >= shape.size())
      throw WeightsError(cat(where_, ": tensor ", name, " is ", to_string(shape), ", expected more dimensions"));
    if (shape[index] < 1 || shape[index] > kMaxLength)
      throw LimitError(cat(where_, ": tensor ", name, " is ", to_string(shape), ", which no network has"));
    return int(shape[index]);
  }

  // How many of prefix0suffix, prefix1suffix, ... there are in a row.
  int count(const std::string& prefix, const std::string& suffix) const {
    int n = 0;
    while (n < kMaxBlocks && has(cat(prefix, n, suffix))) ++n;
    return n;
  }

 private:
  const NamedArrays& arrays_;
  const std::string& where_;
};

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
    throw WeightsError(cat(what, ": a width of ", width, " is no multiple of the head width ", head_width));
  return width / head_width;
}

constexpr const char* kTransformer = ".fn.fn.transformer_blocks.0.attn2.to_k.weight";

}  // namespace

CheckpointKind detect_kind(const NamedArrays& arrays, const std::string& where) {
  for (const char* name : {"visual.conv1.weight", "clip.visual.conv1.weight", "visual_control.conv1.weight"}) {
    if (!arrays.has(name)) continue;
    if (arrays.has("visual.layer1.0.conv1.weight"))
      throw WeightsError(cat(where, ": CLIP with a ResNet as image tower, expected a vision transformer"));
    return CheckpointKind::clip;
  }
  if (arrays.has("init_conv.weight") && arrays.has("final_conv.weight")) return CheckpointKind::unet;
  if (arrays.has("intro.weight") && arrays.has("ending.weight")) return CheckpointKind::nafnet;
  throw WeightsError(
      cat(where, ": neither CLIP, DA-CLIP, the conditional U-Net nor NAFNet; it holds ", some_names(arrays)));
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
      throw WeightsError(cat(where, ": tensor ", printable(name), " is there twice with different values"));
  }
  arrays.arrays = std::move(tidied);
}

DetectedClip detect_clip(const NamedArrays& arrays, const ClipHints& hints, const std::string& where) {
  const Shapes shapes(arrays, where);
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
    throw WeightsError(cat(where, ": the text tower's heads cannot be told by its width of ", text.width,
                           "; --text-heads or --config must tell them"));
  text.heads = hints.text_heads > 0 ? hints.text_heads : text.width / 64;
  found.controller = shapes.has("visual_control.conv1.weight");
  return found;
}

UnetConfig detect_unet(const NamedArrays& arrays, const std::string& where) {
  const Shapes shapes(arrays, where);
  UnetConfig config;
  config.channels = shapes.dim("final_conv.weight", 0);
  config.width = shapes.dim("init_conv.weight", 0);
  const int levels = shapes.count("downs.", ".3.weight");
  config.multipliers.clear();
  for (int i = 0; i < levels; ++i) {
    const int out = shapes.dim(cat("downs.", i, ".3.weight"), 0);
    if (out % config.width != 0)
      throw WeightsError(cat(where, ": level ", i, " has ", out, " channels, no multiple of ", config.width));
    config.multipliers.push_back(out / config.width);
  }
  config.degradation_dim = shapes.has("prompt") ? shapes.dim("text_mlp.0.weight", 1) : 0;
  const std::string bottom = cat("mid_attn", kTransformer);
  config.content_dim = shapes.has(bottom) ? shapes.dim(bottom, 1) : 0;
  config.half_scale = shapes.has("downsample.weight");
  if (config.half_scale) config.first_transformer = levels - 1;
  for (int i = levels; i-- > 0;)
    if (shapes.has(cat("downs.", i, ".2", kTransformer))) config.first_transformer = i;
  const std::string linear_attention = "downs.0.2.fn.fn.to_qkv.weight";
  if (shapes.has(linear_attention)) config.heads = std::max(1, shapes.dim(linear_attention, 0) / (3 * config.head_dim));
  return config;
}

NafnetConfig detect_nafnet(const NamedArrays& arrays, const std::string& where) {
  const Shapes shapes(arrays, where);
  NafnetConfig config;
  config.channels = shapes.dim("ending.weight", 0);
  config.width = shapes.dim("intro.weight", 0);
  config.middle_blocks = shapes.count("middle_blks.", ".conv1.weight");
  config.encoder_blocks.clear();
  config.decoder_blocks.clear();
  const int levels = shapes.count("downs.", ".weight");
  for (int i = 0; i < levels; ++i) {
    config.encoder_blocks.push_back(shapes.count(cat("encoders.", i, "."), ".conv1.weight"));
    config.decoder_blocks.push_back(shapes.count(cat("decoders.", i, "."), ".conv1.weight"));
  }
  return config;
}

}  // namespace daclip
