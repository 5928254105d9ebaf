#include "nets/restormer.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "nets/content_attention.h"
#include "nets/registry.h"
#include "nets/tensor_shapes.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

constexpr int kColours = 3;
constexpr int kLevels = 4;
constexpr float kNormEps = 1e-5f;  // LayerNorm of the reference

bool prompted(const RestormerConfig& config) { return !config.prompt_channels.empty(); }

int64_t hidden_channels(const RestormerConfig& config, int64_t width) {
  return int64_t(double(width) * config.expansion);
}

// Channels of a level's map; level 0 is the full resolution.
int64_t width_at(const RestormerConfig& config, int level) { return int64_t(config.width) << level; }

// The decoder's first level keeps what the skip brings beside.
int64_t decoder_width(const RestormerConfig& config, int level) { return width_at(config, std::max(level, 1)); }

class Network {
 public:
  Network(Backend& backend, const RestormerConfig& config, const Scope& weights)
      : b_(backend), config_(config), w_(weights) {}

  // lq padded to the network's multiple.
  Tensor run(const Tensor& lq, const Tensor& content) {
    Tensor x = conv3x3(w_ / "patch_embed" / "proj", lq);
    std::vector<Tensor> skips;
    for (int level = 0; level + 1 < kLevels; ++level) {
      x = blocks(w_ / cat("encoder_level", level + 1), x, level);
      skips.push_back(x);
      x = b_.pixel_unshuffle(conv3x3(w_ / cat("down", level + 1, "_", level + 2) / "body" / 0, x), 2);
    }
    x = blocks(w_ / "latent", x, kLevels - 1);
    if (content.defined())
      x = ContentAttention{config_.attention_heads, config_.attention_head_dim}.apply(b_, w_ / "mid_attn", x, content);
    for (int level = kLevels - 2; level >= 0; --level) {
      if (prompted(config_)) x = with_prompt(x, level + 1);
      x = b_.pixel_shuffle(conv3x3(w_ / cat("up", level + 2, "_", level + 1) / "body" / 0, x), 2);
      const Tensor parts[] = {x, skips[size_t(level)]};
      x = b_.concat(parts, 3);
      if (level > 0) x = conv(w_ / cat("reduce_chan_level", level + 1), x);
      x = blocks(w_ / cat("decoder_level", level + 1), x, level);
    }
    x = blocks(w_ / "refinement", x, config_.refinement_blocks, 0);
    return b_.add(conv3x3(w_ / "output", x), lq);
  }

 private:
  Tensor conv(const Scope& w, const Tensor& x) { return b_.conv2d(x, w("weight"), w.optional("bias")); }
  Tensor conv3x3(const Scope& w, const Tensor& x) {
    return b_.conv2d(x, w("weight"), w.optional("bias"), {.padding = 1});
  }
  Tensor depthwise(const Scope& w, const Tensor& x) { return b_.depthwise_conv2d(x, w("weight"), w.optional("bias")); }

  Tensor blocks(const Scope& w, const Tensor& x, int level) {
    return blocks(w, x, config_.blocks[size_t(level)], level);
  }
  Tensor blocks(const Scope& w, Tensor x, int count, int level) {
    for (int i = 0; i < count; ++i) x = block(w / i, x, config_.heads[size_t(level)]);
    return x;
  }

  // A transformer block: attention between channels, then the gated feed-forward network, each normalised before.
  Tensor block(const Scope& w, const Tensor& input, int heads) {
    const Scope attention = w / "attn", feed_forward = w / "ffn";
    const Tensor qkv = depthwise(attention / "qkv_dwconv", conv(attention / "qkv", norm(w / "norm1" / "body", input)));
    const Tensor mixed = b_.channel_attention(qkv, b_.reshape(attention("temperature"), {heads}), heads);
    const Tensor x = b_.add(input, conv(attention / "project_out", mixed));
    const Tensor hidden =
        depthwise(feed_forward / "dwconv", conv(feed_forward / "project_in", norm(w / "norm2" / "body", x)));
    return b_.add(x, conv(feed_forward / "project_out", b_.gelu_gate(hidden, Backend::Half::first)));
  }

  Tensor norm(const Scope& w, const Tensor& x) {
    return config_.norm_bias ? b_.layer_norm(x, w("weight"), w("bias"), kNormEps)
                             : b_.deviation_norm(x, w("weight"), kNormEps);
  }

  // PromptIR: the map beside a mixture of learned prompts, through a block, and reduced to the next level's input.
  Tensor with_prompt(const Tensor& x, int number) {
    const Tensor parts[] = {x, prompt(w_ / cat("prompt", number), x, number)};
    const Tensor joined = block(w_ / cat("noise_level", number), b_.concat(parts, 3), config_.prompt_heads);
    return conv(w_ / cat("reduce_noise_level", number), joined);
  }

  Tensor prompt(const Scope& w, const Tensor& x, int number) {
    const int64_t n = x.dim(0), side = config_.prompt_sides[size_t(number - 1)];
    const int64_t values = config_.prompt_channels[size_t(number - 1)] * side * side;
    const Tensor features = b_.reshape(b_.global_mean(x), {n, x.dim(3)});
    const Tensor shares = b_.softmax(b_.linear(features, w("linear_layer.weight"), w("linear_layer.bias")));
    const Tensor maps = b_.reshape(w("prompt_param"), {1, config_.prompts, values});
    const Tensor mixture = b_.matmul(b_.reshape(shares, {1, n, config_.prompts}), maps);
    // The maps are stored (C,side,side): the channel order of a pixel shuffle by `side`.
    const Tensor map = b_.pixel_shuffle(b_.reshape(mixture, {n, 1, 1, values}), int(side));
    return conv3x3(w / "conv3x3", b_.resize_bilinear(map, x.dim(1), x.dim(2), Backend::Shrink::two_taps));
  }

  Backend& b_;
  const RestormerConfig& config_;
  const Scope& w_;
};

void list_block(WeightList& list, const std::string& name, int64_t width, int64_t heads, const RestormerConfig& c) {
  const int64_t hidden = hidden_channels(c, width);
  const auto norm = [&](const char* which) {
    list.add(cat(name, which, ".body.weight"), {width}, WeightSpec::Init::ones);
    if (c.norm_bias) list.add(cat(name, which, ".body.bias"), {width}, WeightSpec::Init::zeros);
  };
  norm(".norm1");
  list.add(name + ".attn.temperature", {heads, 1, 1}, WeightSpec::Init::ones);
  list.conv(name + ".attn.qkv", 3 * width, width, 1, c.bias);
  list.conv(name + ".attn.qkv_dwconv", 3 * width, 1, 3, c.bias);
  list.conv(name + ".attn.project_out", width, width, 1, c.bias);
  norm(".norm2");
  list.conv(name + ".ffn.project_in", 2 * hidden, width, 1, c.bias);
  list.conv(name + ".ffn.dwconv", 2 * hidden, 1, 3, c.bias);
  list.conv(name + ".ffn.project_out", width, hidden, 1, c.bias);
}

// Channels that enter the decoder's level from below, before the prompt's block and after it.
void list_prompt(WeightList& list, int number, int64_t width, int64_t reduced, const RestormerConfig& c) {
  const int64_t channels = c.prompt_channels[size_t(number - 1)], side = c.prompt_sides[size_t(number - 1)];
  const std::string name = cat("prompt", number);
  list.add(name + ".prompt_param", {1, c.prompts, channels, side, side}, WeightSpec::Init::unit_uniform);
  list.linear(name + ".linear_layer", c.prompts, width);
  list.conv(name + ".conv3x3", channels, channels, 3, false);
  list_block(list, cat("noise_level", number), width + channels, c.prompt_heads, c);
  list.conv(cat("reduce_noise_level", number), reduced, width + channels, 1, c.bias);
}

}  // namespace

RestormerConfig promptir_config() {
  RestormerConfig config;
  config.prompt_channels = {64, 128, 320};
  config.prompt_sides = {64, 32, 16};
  return config;
}

Tensor restormer(Backend& backend, const RestormerConfig& config, const Scope& weights, const Tensor& lq,
                 const Contexts& contexts) {
  validate(config);
  if (lq.rank() != 4 || lq.dim(3) != kColours)
    throw ShapeError(cat("restormer: image ", to_string(lq.shape()), ", expected (N, H, W, ", kColours, ")"));
  if (contexts.degradation.defined()) throw UsageError("restormer: takes no degradation context");
  Tensor content;
  if (contexts.content.defined())
    content = to_unit_variance(backend, contexts.content, lq.dim(0), config.content_dim, "restormer", "content");

  const int64_t m = config.multiple(), height = lq.dim(1), width = lq.dim(2);
  const int64_t padded_height = (height + m - 1) / m * m, padded_width = (width + m - 1) / m * m;
  if (padded_height == height && padded_width == width) return Network(backend, config, weights).run(lq, content);
  // Too small a picture for its mirror image is continued with zeros.
  const bool mirrored = padded_height < 2 * height && padded_width < 2 * width;
  const Tensor padded =
      mirrored ? backend.pad_reflect(lq, padded_height, padded_width) : backend.pad(lq, padded_height, padded_width);
  return backend.crop(Network(backend, config, weights).run(padded, content), height, width);
}

std::vector<WeightSpec> restormer_weights(const RestormerConfig& config) {
  validate(config);
  WeightList list;
  const auto blocks = [&](const std::string& name, int count, int level, int64_t width) {
    for (int i = 0; i < count; ++i) list_block(list, cat(name, ".", i), width, config.heads[size_t(level)], config);
  };
  list.conv("patch_embed.proj", config.width, kColours, 3, false);
  for (int level = 0; level + 1 < kLevels; ++level) {
    const int64_t width = width_at(config, level);
    blocks(cat("encoder_level", level + 1), config.blocks[size_t(level)], level, width);
    list.conv(cat("down", level + 1, "_", level + 2, ".body.0"), width / 2, width, 3, false);
  }
  blocks("latent", config.blocks.back(), kLevels - 1, width_at(config, kLevels - 1));
  if (config.content_dim > 0)
    ContentAttention{config.attention_heads, config.attention_head_dim}.list(
        list, "mid_attn", width_at(config, kLevels - 1), config.content_dim);
  for (int level = kLevels - 2; level >= 0; --level) {
    const int64_t skip = width_at(config, level), decoded = decoder_width(config, level);
    int64_t below = decoder_width(config, level + 1);
    if (prompted(config)) {
      // The published code reduces the latent to the width of level 3 and keeps the others.
      const int64_t reduced = std::min(below, width_at(config, kLevels - 2));
      list_prompt(list, level + 1, below, reduced, config);
      below = reduced;
    }
    list.conv(cat("up", level + 2, "_", level + 1, ".body.0"), 2 * below, below, 3, false);
    if (level > 0) list.conv(cat("reduce_chan_level", level + 1), decoded, below / 2 + skip, 1, config.bias);
    blocks(cat("decoder_level", level + 1), config.blocks[size_t(level)], level, decoded);
  }
  blocks("refinement", config.refinement_blocks, 0, decoder_width(config, 0));
  list.conv("output", kColours, decoder_width(config, 0), 3, config.bias);
  return list.take();
}

void visit(ConfigVisitor& v, RestormerConfig& c) {
  const Range counts = between(0, 256);
  v.field("width", c.width, between(2, 1024));
  v.field("blocks", c.blocks, counts);
  v.field("heads", c.heads, between(1, 1024));
  v.field("refinement_blocks", c.refinement_blocks, counts);
  v.field("expansion", c.expansion, between(0.1, 16));
  v.field("bias", c.bias);
  v.field("norm_bias", c.norm_bias);
  v.field("prompt_channels", c.prompt_channels, between(1, 4096));
  v.field("prompt_sides", c.prompt_sides, between(1, 1024));
  v.field("prompts", c.prompts, between(1, 1024));
  v.field("prompt_heads", c.prompt_heads, between(1, 1024));
  v.field("content_dim", c.content_dim, between(0, 16384));
  v.field("attention_heads", c.attention_heads, between(1, 1024));
  v.field("attention_head_dim", c.attention_head_dim, between(1, 4096));
}

void validate(const RestormerConfig& config) {
  RestormerConfig copy = config;
  RangeCheck check("restorer");
  visit(check, copy);
  if (config.blocks.size() != kLevels || config.heads.size() != kLevels)
    throw FormatError(cat("restorer.blocks has ", config.blocks.size(), " levels and restorer.heads ",
                          config.heads.size(), ": expected ", kLevels, " in both"));
  if (config.width % 2 != 0) throw FormatError(cat("restorer.width: ", config.width, ": expected an even number"));
  const auto require_heads = [&](int64_t width, int heads, const char* field) {
    if (width % heads != 0)
      throw FormatError(cat("restorer.", field, ": ", heads, " heads do not divide ", width, " channels"));
  };
  for (int level = 0; level < kLevels; ++level)
    require_heads(width_at(config, level), config.heads[size_t(level)], "heads");
  if (config.prompt_sides.size() != config.prompt_channels.size() ||
      (prompted(config) && config.prompt_channels.size() != kLevels - 1))
    throw FormatError(cat("restorer.prompt_channels has ", config.prompt_channels.size(),
                          " levels and restorer.prompt_sides ", config.prompt_sides.size(), ": expected ", kLevels - 1,
                          " in both, or none"));
  for (int level = 0; level < int(config.prompt_channels.size()); ++level)
    require_heads(decoder_width(config, level + 1) + config.prompt_channels[size_t(level)], config.prompt_heads,
                  "prompt_heads");
}

namespace {

class Restormer : public DirectNetwork {
 public:
  explicit Restormer(const RestormerConfig& config) : config_(config) {}

  const NetworkType& type() const override;
  std::unique_ptr<RestorationNetwork> clone() const override { return std::make_unique<Restormer>(config_); }

  void visit(ConfigVisitor& visitor) override { daclip::visit(visitor, config_); }
  void validate() const override { daclip::validate(config_); }
  ContextDims context_dims() const override { return {config_.content_dim, 0}; }
  void set_context_dims(const ContextDims& dims) override { config_.content_dim = dims.content; }
  std::vector<std::string> describe() const override {
    return {cat(type().title, ", width ", config_.width, ", blocks ", joined(config_.blocks), " and ",
                config_.refinement_blocks)};
  }

  std::vector<WeightSpec> weights() const override { return restormer_weights(config_); }
  int multiple() const override { return config_.multiple(); }
  // A block of the last levels has maps of twice the width: its input, the hidden map before and after the depth-wise
  // convolution (2 * expansion each), and the skip.
  double values_per_pixel() const override { return (8.0 * config_.expansion + 6.0) * config_.width; }
  bool pools_globally() const override { return false; }

  Tensor forward(Backend& backend, const Scope& weights, const Tensor& lq, const Contexts& contexts,
                 const Pooling&) const override {
    return restormer(backend, config_, weights, lq, contexts);
  }

 private:
  RestormerConfig config_;
};

bool is_promptir(const NamedArrays& arrays) { return arrays.has("prompt1.prompt_param"); }
bool is_restormer(const NamedArrays& arrays) {
  return arrays.has("patch_embed.proj.weight") && arrays.has("latent.0.attn.temperature") && !is_promptir(arrays);
}

// Hidden channels are rounded down, so that each layer leaves a range for the factor. The shortest decimal fraction in
// all of them is taken.
double detect_expansion(const NamedArrays& arrays, const TensorShapes& shapes) {
  double least = 0, above = 1e9;
  for (const auto& [name, array] : arrays.arrays) {
    if (!name.ends_with(".ffn.project_out.weight")) continue;
    const double width = shapes.dim(name, 0), hidden = shapes.dim(name, 1);
    least = std::max(least, hidden / width);
    above = std::min(above, (hidden + 1) / width);
  }
  for (const double digits : {1e0, 1e1, 1e2, 1e3, 1e4})
    if (const double rounded = std::ceil(least * digits) / digits; rounded < above) return rounded;
  return least;
}

std::unique_ptr<RestorationNetwork> detect_restormer(const NamedArrays& arrays, const std::string& where) {
  const TensorShapes shapes(arrays, where);
  RestormerConfig config;
  config.width = shapes.dim("patch_embed.proj.weight", 0);
  const auto blocks = [&](const std::string& name, size_t level) {
    config.blocks[level] = shapes.count(name + ".", ".attn.temperature");
    config.heads[level] = shapes.dim(name + ".0.attn.temperature", 0);
  };
  for (int level = 1; level < kLevels; ++level) blocks(cat("encoder_level", level), size_t(level - 1));
  blocks("latent", kLevels - 1);
  config.refinement_blocks = shapes.count("refinement.", ".attn.temperature");
  config.bias = shapes.has("output.bias");
  config.norm_bias = shapes.has("latent.0.norm1.body.bias");
  config.expansion = detect_expansion(arrays, shapes);
  for (int number = 1; is_promptir(arrays) && number < kLevels; ++number) {
    const std::string maps = cat("prompt", number, ".prompt_param");
    config.prompts = shapes.dim(maps, 1);
    config.prompt_channels.push_back(shapes.dim(maps, 2));
    config.prompt_sides.push_back(shapes.dim(maps, 3));
    config.prompt_heads = shapes.dim(cat("noise_level", number, ".attn.temperature"), 0);
  }
  return std::make_unique<Restormer>(config);
}

// Layers that PromptIR's published code creates and never calls.
bool unused_by_promptir(std::string_view name) {
  return name.starts_with("chnl_reduce") || name.starts_with("reduce_noise_channel_");
}

std::vector<PublishedNetwork> published_restormers() { return {{"Restormer", make_restormer({})}}; }

std::vector<PublishedNetwork> published_promptirs() {
  RestormerConfig steered = promptir_config();
  steered.content_dim = 512;  // ViT-B/32's embeddings
  return {{"PromptIR", make_restormer(promptir_config())}, {"PromptIR + DA-CLIP content", make_restormer(steered)}};
}

}  // namespace

extern const NetworkType kRestormer, kPromptIr;
const NetworkType kRestormer = {
    .name = "restormer",
    .title = "Restormer",
    .make = [] { return std::unique_ptr<RestorationNetwork>(std::make_unique<Restormer>(RestormerConfig())); },
    .matches = is_restormer,
    .detect = detect_restormer,
    .published = published_restormers,
};
const NetworkType kPromptIr = {
    .name = "promptir",
    .title = "PromptIR",
    .make = [] { return std::unique_ptr<RestorationNetwork>(std::make_unique<Restormer>(promptir_config())); },
    .matches = is_promptir,
    .detect = detect_restormer,
    .published = published_promptirs,
    .unused = unused_by_promptir,
};

const NetworkType& Restormer::type() const { return prompted(config_) ? kPromptIr : kRestormer; }

std::unique_ptr<DirectNetwork> make_restormer(const RestormerConfig& config) {
  validate(config);
  return std::make_unique<Restormer>(config);
}

}  // namespace daclip
