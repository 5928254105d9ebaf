#include "nets/nafnet.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "nets/content_attention.h"
#include "nets/registry.h"
#include "nets/tensor_shapes.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

constexpr float kNormEps = 1e-6f;  // LayerNorm2d of the reference
constexpr int kFastStride = 5;     // rs[0] in the reference's local_arch.py

ContentAttention content_attention(const NafnetConfig& config) {
  return {config.attention_heads, config.attention_head_dim};
}

class Network {
 public:
  Network(Backend& backend, const NafnetConfig& config, const Pooling& pooling)
      : b_(backend), config_(config), pooling_(pooling) {}

  // lq padded to the network's multiple.
  Tensor run(const Scope& weights, const Tensor& lq, const Tensor& steer, const Tensor& content) {
    steer_ = steer;
    Tensor x = config_.unshuffle > 1 ? b_.pixel_unshuffle(lq, config_.unshuffle) : lq;
    x = b_.conv2d(x, weights("intro.weight"), weights("intro.bias"), {.padding = 1});
    std::vector<Tensor> skips;
    const int levels = int(config_.encoder_blocks.size());
    for (int level = 0; level < levels; ++level) {
      x = blocks(weights / "encoders" / level, x, config_.encoder_blocks[size_t(level)], level);
      skips.push_back(x);
      const Scope down = weights / "downs" / level;
      x = b_.conv2d(x, down("weight"), down("bias"), {.stride = 2});
    }
    x = blocks(weights / "middle_blks", x, config_.middle_blocks, levels);
    if (content.defined()) x = content_attention(config_).apply(b_, weights / "mid_attn", x, content);
    for (int i = 0; i < levels; ++i) {
      const int level = levels - 1 - i;
      x = b_.pixel_shuffle(b_.conv2d(x, (weights / "ups" / i / 0)("weight"), {}), 2);
      x = b_.add(x, skips[size_t(level)]);
      x = blocks(weights / "decoders" / i, x, config_.decoder_blocks[size_t(i)], level);
    }
    x = b_.conv2d(x, weights("ending.weight"), weights("ending.bias"), {.padding = 1});
    if (config_.unshuffle > 1) x = b_.pixel_shuffle(x, config_.unshuffle);
    return b_.add(x, lq);
  }

 private:
  Tensor blocks(const Scope& weights, Tensor x, int count, int level) {
    for (int i = 0; i < count; ++i) x = block(weights / i, x, level);
    return x;
  }

  // NAFBlock: two residual halves, each normalised (and modulated), gated, and scaled by a learned gain per channel.
  Tensor block(const Scope& w, const Tensor& input, int level) {
    Tensor steer;  // (N,4C): scale and shift of norm1, then of norm2
    if (steer_.defined()) steer = b_.linear(steer_, w("prompt.weight"), w("prompt.bias"));

    if (config_.local_height == 0 && !pooling_) {
      if (const Tensor fused = b_.fused_nafblock(w, input, steer); fused.defined()) return fused;
    }
    Tensor x = norm(w / "norm1", input, steer, 0);
    x = b_.conv2d(x, w("conv1.weight"), w("conv1.bias"));
    x = b_.depthwise_conv2d(x, w("conv2.weight"), w("conv2.bias"));
    x = b_.simple_gate(x);
    x = b_.mul(x, b_.conv2d(pool(x, level), w("sca.1.weight"), w("sca.1.bias")));
    x = b_.conv2d(x, w("conv3.weight"), w("conv3.bias"));
    const Tensor y = b_.add_scaled(input, x, gain(w("beta")));

    x = norm(w / "norm2", y, steer, 1);
    x = b_.conv2d(x, w("conv4.weight"), w("conv4.bias"));
    x = b_.simple_gate(x);
    x = b_.conv2d(x, w("conv5.weight"), w("conv5.bias"));
    return b_.add_scaled(y, x, gain(w("gamma")));
  }

  Tensor norm(const Scope& w, const Tensor& x, const Tensor& steer, int which) {
    const Tensor normed = b_.layer_norm(x, w("weight"), w("bias"), kNormEps);
    if (!steer.defined()) return normed;
    const int64_t channels = x.dim(-1), begin = 2 * channels * which;
    return b_.modulate(normed, b_.slice(steer, 1, begin, begin + channels),
                       b_.slice(steer, 1, begin + channels, begin + 2 * channels));
  }

  // beta and gamma are stored (1,C,1,1).
  Tensor gain(const Tensor& weight) { return b_.reshape(weight, {weight.numel()}); }

  // The mean for channel attention, over the whole map or TLC's windows. Level 0 is the full resolution.
  Tensor pool(const Tensor& x, int level) {
    if (pooling_) return pooling_(x);
    if (config_.local_height == 0) return b_.global_mean(x);
    const auto window = [&](int base, int train_size, int64_t& stride) {
      const int64_t train = train_size > 0 ? train_size : base;
      const int64_t multiple = config_.multiple();
      const int64_t map = ((train + multiple - 1) / multiple * multiple / config_.unshuffle) >> level;
      stride = std::max<int64_t>(1, kFastStride * map / train);
      return std::max<int64_t>(1, map * base / train);
    };
    int64_t stride_height, stride_width;
    const int64_t height = window(config_.local_height, config_.local_train_height, stride_height);
    const int64_t width = window(config_.local_width, config_.local_train_width, stride_width);
    if (height >= x.dim(1) && width >= x.dim(2)) return b_.global_mean(x);
    return b_.local_mean(x, height, width, config_.local_fast ? int(std::min(stride_height, stride_width)) : 0);
  }

  Backend& b_;
  const NafnetConfig& config_;
  const Pooling& pooling_;
  Tensor steer_;  // SiLU(p) (N, prompt_dim), or absent
};

// Fig. 3b: e_d gates a learned prompt; see nafnet.h.
Tensor prompt(Backend& b, const NafnetConfig& config, const Scope& w, const Tensor& degradation) {
  Tensor x = b.linear(degradation, w("prompt_mlp.0.weight"), w("prompt_mlp.0.bias"));
  x = b.linear(b.silu(x), w("prompt_mlp.2.weight"), w("prompt_mlp.2.bias"));
  x = b.scale(b.softmax(x), float(config.prompt_dim));
  x = b.linear(b.mul(x, w("prompt")), w("prompt_linear.weight"), w("prompt_linear.bias"));
  return b.silu(x);
}

void list_block(WeightList& list, const std::string& name, int64_t width, const NafnetConfig& config) {
  list.add(name + ".beta", {1, width, 1, 1}, WeightSpec::Init::zeros);
  list.add(name + ".gamma", {1, width, 1, 1}, WeightSpec::Init::zeros);
  list.conv(name + ".conv1", 2 * width, width, 1);
  list.conv(name + ".conv2", 2 * width, 1, 3);
  list.conv(name + ".conv3", width, width, 1);
  list.conv(name + ".sca.1", width, width, 1);
  list.conv(name + ".conv4", 2 * width, width, 1);
  list.conv(name + ".conv5", width, width, 1);
  list.norm(name + ".norm1", width);
  list.norm(name + ".norm2", width);
  if (config.degradation_dim > 0) list.zero_linear(name + ".prompt", 4 * width, config.prompt_dim);
}

void list_contexts(WeightList& list, const NafnetConfig& config, int64_t middle_width) {
  if (config.degradation_dim > 0) {
    list.linear("prompt_mlp.0", config.prompt_dim, config.degradation_dim);
    list.linear("prompt_mlp.2", config.prompt_dim, config.prompt_dim);
    list.add("prompt", {1, config.prompt_dim}, WeightSpec::Init::unit_uniform);
    list.linear("prompt_linear", config.prompt_dim, config.prompt_dim);
  }
  if (config.content_dim > 0) content_attention(config).list(list, "mid_attn", middle_width, config.content_dim);
}

}  // namespace

Tensor nafnet(Backend& backend, const NafnetConfig& config, const Scope& weights, const Tensor& lq,
              const Contexts& contexts, const Pooling& pooling) {
  validate(config);
  if (lq.rank() != 4 || lq.dim(3) != config.channels)
    throw ShapeError(cat("nafnet: image ", to_string(lq.shape()), ", expected (N, H, W, ", config.channels, ")"));
  Tensor steer, content;
  if (contexts.degradation.defined())
    steer = prompt(
        backend, config, weights,
        to_unit_variance(backend, contexts.degradation, lq.dim(0), config.degradation_dim, "nafnet", "degradation"));
  if (contexts.content.defined())
    content = to_unit_variance(backend, contexts.content, lq.dim(0), config.content_dim, "nafnet", "content");

  const int64_t m = config.multiple(), height = lq.dim(1), width = lq.dim(2);
  const int64_t padded_height = (height + m - 1) / m * m, padded_width = (width + m - 1) / m * m;
  const bool fits = padded_height == height && padded_width == width;
  const Tensor padded = fits ? lq : backend.pad(lq, padded_height, padded_width);
  const Tensor restored = Network(backend, config, pooling).run(weights, padded, steer, content);
  return fits ? restored : backend.crop(restored, height, width);
}

std::vector<WeightSpec> nafnet_weights(const NafnetConfig& config) {
  validate(config);
  WeightList list;
  const int64_t colours = int64_t(config.channels) * config.unshuffle * config.unshuffle;
  const int levels = int(config.encoder_blocks.size());
  const auto width_at = [&](int level) { return int64_t(config.width) << level; };
  const auto blocks = [&](const std::string& name, int count, int64_t width) {
    for (int i = 0; i < count; ++i) list_block(list, cat(name, ".", i), width, config);
  };
  list.conv("intro", config.width, colours, 3);
  list.conv("ending", colours, config.width, 3);
  for (int level = 0; level < levels; ++level) {
    blocks(cat("encoders.", level), config.encoder_blocks[size_t(level)], width_at(level));
    list.conv(cat("downs.", level), width_at(level + 1), width_at(level), 2);
  }
  blocks("middle_blks", config.middle_blocks, width_at(levels));
  for (int i = 0; i < levels; ++i) {
    const int level = levels - 1 - i;
    list.conv(cat("ups.", i, ".0"), 2 * width_at(level + 1), width_at(level + 1), 1, false);
    blocks(cat("decoders.", i), config.decoder_blocks[size_t(i)], width_at(level));
  }
  list_contexts(list, config, width_at(levels));
  return list.take();
}

void visit(ConfigVisitor& v, NafnetConfig& c) {
  const Range blocks = between(0, 1024), context = between(0, 16384), window = between(0, 1 << 16);
  v.field("channels", c.channels, between(1, 64));
  v.field("width", c.width, between(1, 4096));
  v.field("encoder_blocks", c.encoder_blocks, blocks);
  v.field("middle_blocks", c.middle_blocks, blocks);
  v.field("decoder_blocks", c.decoder_blocks, blocks);
  v.field("unshuffle", c.unshuffle, between(1, 16));
  v.field("degradation_dim", c.degradation_dim, context);
  v.field("prompt_dim", c.prompt_dim, between(1, 16384));
  v.field("content_dim", c.content_dim, context);
  v.field("attention_heads", c.attention_heads, between(1, 1024));
  v.field("attention_head_dim", c.attention_head_dim, between(1, 4096));
  v.field("local_height", c.local_height, window, Presence::optional);
  v.field("local_width", c.local_width, window, Presence::optional);
  v.field("local_train_height", c.local_train_height, window, Presence::optional);
  v.field("local_train_width", c.local_train_width, window, Presence::optional);
  v.field("local_fast", c.local_fast, Presence::optional);
}

void validate(const NafnetConfig& config) {
  NafnetConfig copy = config;
  RangeCheck check("restorer");
  visit(check, copy);
  const size_t levels = config.encoder_blocks.size();
  if (levels < 1 || levels > 8 || config.decoder_blocks.size() != levels)
    throw FormatError(cat("restorer.encoder_blocks has ", levels, " levels and restorer.decoder_blocks ",
                          config.decoder_blocks.size(), ": expected 1 to 8, and the same number in both"));
  if ((config.local_height == 0) != (config.local_width == 0))
    throw FormatError(cat("restorer.local_height ", config.local_height, " and local_width ", config.local_width,
                          ": expected both above 0, or neither"));
}

namespace {

class Nafnet : public DirectNetwork {
 public:
  explicit Nafnet(const NafnetConfig& config) : config_(config) {}

  const NetworkType& type() const override;
  std::unique_ptr<RestorationNetwork> clone() const override { return std::make_unique<Nafnet>(config_); }

  void visit(ConfigVisitor& visitor) override { daclip::visit(visitor, config_); }
  void validate() const override { daclip::validate(config_); }
  ContextDims context_dims() const override { return {config_.content_dim, config_.degradation_dim}; }
  void set_context_dims(const ContextDims& dims) override {
    config_.content_dim = dims.content;
    config_.degradation_dim = dims.degradation;
  }
  std::vector<std::string> describe() const override {
    return {cat("NAFNet, width ", config_.width, ", blocks ", joined(config_.encoder_blocks), " | ",
                config_.middle_blocks, " | ", joined(config_.decoder_blocks),
                config_.local_height > 0 ? cat(", local windows of ", config_.local_height, "x", config_.local_width)
                                         : std::string())};
  }

  std::vector<WeightSpec> weights() const override { return nafnet_weights(config_); }
  int multiple() const override { return config_.multiple(); }
  // About ten maps of `width` channels at full resolution: a block's input, its two double-width halves, the skips of
  // all levels, and a convolution's scratch memory.
  double values_per_pixel() const override { return 10.0 * config_.width / (config_.unshuffle * config_.unshuffle); }
  bool pools_globally() const override { return config_.local_height == 0; }

  Tensor forward(Backend& backend, const Scope& weights, const Tensor& lq, const Contexts& contexts,
                 const Pooling& pooling) const override {
    return nafnet(backend, config_, weights, lq, contexts, pooling);
  }

 private:
  NafnetConfig config_;
};

bool is_nafnet(const NamedArrays& arrays) { return arrays.has("intro.weight") && arrays.has("ending.weight"); }

std::unique_ptr<RestorationNetwork> detect_nafnet(const NamedArrays& arrays, const std::string& where) {
  const TensorShapes shapes(arrays, where);
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
  return std::make_unique<Nafnet>(config);
}

std::vector<PublishedNetwork> published_nafnets() {
  NafnetConfig steered;
  steered.degradation_dim = steered.content_dim = 512;  // ViT-B/32's embeddings
  return {{"NAFNet", make_nafnet({})}, {"NAFNet + DA-CLIP", make_nafnet(steered)}};
}

}  // namespace

extern const NetworkType kNafnet;
const NetworkType kNafnet = {
    .name = "nafnet",
    .title = "NAFNet",
    .make = [] { return std::unique_ptr<RestorationNetwork>(std::make_unique<Nafnet>(NafnetConfig())); },
    .matches = is_nafnet,
    .detect = detect_nafnet,
    .published = published_nafnets,
};

const NetworkType& Nafnet::type() const { return kNafnet; }

std::unique_ptr<DirectNetwork> make_nafnet(const NafnetConfig& config) {
  validate(config);
  return std::make_unique<Nafnet>(config);
}

}  // namespace daclip
