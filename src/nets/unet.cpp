#include "nets/unet.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "nets/registry.h"
#include "nets/tensor_shapes.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

constexpr float kNormEps = 1e-5f;  // of the reference's channel LayerNorm in float32 and of the transformer's norms
constexpr float kGroupNormEps = 1e-6f;
constexpr int kGroups = 32;
constexpr int kFeedForward = 4;  // widening factor of the transformer's feed-forward layer

// The network's ResBlocks and attentions. Weights, time modulations and conditioning are derived from this list.
struct ResBlock {
  std::string name;
  int64_t in, out;
};
struct Attention {
  std::string name;
  int64_t channels;
  bool transformer;
};
struct Plan {
  std::vector<ResBlock> res_blocks;
  std::vector<Attention> attentions;
};

bool has_transformer(const UnetConfig& config, int level) {
  return config.content_dim > 0 && level >= config.first_transformer;
}

Plan make_plan(const UnetConfig& config) {
  Plan plan;
  const auto level_blocks = [&](const std::string& name, int level, int64_t in, int64_t out) {
    plan.res_blocks.push_back({name + ".0", in, out});
    plan.res_blocks.push_back({name + ".1", in, out});
    plan.attentions.push_back({name + ".2", out, has_transformer(config, level)});
  };
  const int levels = config.levels();
  for (int level = 0; level < levels; ++level)
    level_blocks(cat("downs.", level), level, config.width_in(level), config.width_in(level));
  const int64_t bottom = config.width_out(levels - 1);
  plan.res_blocks.push_back({"mid_block1", bottom, bottom});
  plan.attentions.push_back({"mid_attn", bottom, config.content_dim > 0});
  plan.res_blocks.push_back({"mid_block2", bottom, bottom});
  for (int i = 0; i < levels; ++i) {
    const int level = levels - 1 - i;
    const int64_t out = config.width_out(level);
    level_blocks(cat("ups.", i), level, out + config.width_in(level), out);
  }
  plan.res_blocks.push_back({"final_res_block", int64_t(2) * config.width, config.width});
  return plan;
}

void check_context(const Tensor& context, int dim, const char* what) {
  if (!context.defined()) return;
  if (dim == 0) throw UsageError(cat("unet: got a ", what, " context, but the network is configured without one"));
  if (context.rank() != 2 || context.dim(1) != dim)
    throw ShapeError(cat("unet: ", what, " context ", to_string(context.shape()), ", expected (N, ", dim, ")"));
}

// Channel gains are stored (1,C,1,1).
Tensor gain(Backend& b, const Tensor& weight) { return b.reshape(weight, {weight.numel()}); }

// The parts with large activations. Copies of it may outlive the evaluation.
struct Parts {
  Backend& b;
  const UnetConfig& config;

  Tensor res_block(const Scope& w, const Tensor& x, const Tensor& scale_shift) const {
    const int64_t c = scale_shift.dim(1) / 2;
    Tensor h = b.conv2d(x, w("block1.proj.weight"), {}, {.padding = 1});
    h = b.modulate_silu(h, b.slice(scale_shift, 1, 0, c), b.slice(scale_shift, 1, c, 2 * c));
    h = b.conv2d(h, w("block2.proj.weight"), {}, {.padding = 1});
    return b.add_silu(w.has("res_conv.weight") ? b.conv2d(x, w("res_conv.weight"), {}) : x, h);
  }

  // token: of a spatial transformer; absent: linear attention.
  Tensor attention(const Scope& w, const Tensor& x, const Tensor& token) const {
    if (!token.defined()) {
      const Tensor fused = b.fused_linear_attention(w, x, config.heads, kNormEps);
      if (fused.defined()) return fused;
    }
    Tensor normed = b.layer_norm(x, gain(b, w("norm.g")), {}, kNormEps);
    const Tensor y =
        token.defined() ? spatial_transformer(w / "fn", normed, token) : linear_attention(w / "fn", std::move(normed));
    return b.add(x, y);
  }

  Tensor linear_attention(const Scope& w, Tensor x) const {
    const int64_t n = x.dim(0), height = x.dim(1), width = x.dim(2);
    const int64_t inner = int64_t(config.heads) * config.head_dim;
    x = b.reshape(b.conv2d(x, w("to_qkv.weight"), {}), {n, height * width, 3 * inner});
    const auto part = [&](int64_t i) { return b.slice(x, 2, i * inner, (i + 1) * inner); };
    x = b.linear_attention(part(0), part(1), part(2), config.heads);
    x = b.conv2d(b.reshape(x, {n, height, width, inner}), w("to_out.0.weight"), w("to_out.0.bias"));
    return b.layer_norm(x, gain(b, w("to_out.1.g")), {}, kNormEps);
  }

  // Latent Diffusion's spatial transformer. Its own residual connection lies inside the caller's.
  Tensor spatial_transformer(const Scope& w, const Tensor& x, const Tensor& token) const {
    const Shape& map = x.shape();
    Tensor h = b.group_norm(x, kGroups, w("norm.weight"), w("norm.bias"), kGroupNormEps);
    h = b.conv2d(h, w("proj_in.weight"), w("proj_in.bias"));
    h = transformer_block(w / "transformer_blocks" / 0, b.reshape(h, {map[0], map[1] * map[2], map[3]}), token);
    h = b.conv2d(b.reshape(h, map), w("proj_out.weight"), w("proj_out.bias"));
    return b.add(x, h);
  }

  // x (N,T,C); token (N,1,C): output of the cross-attention, the same at every position.
  Tensor transformer_block(const Scope& w, Tensor x, const Tensor& token) const {
    const Scope self = w / "attn1", feed_forward = w / "ff" / "net";
    const auto norm = [&](const Scope& n) { return b.layer_norm(x, n("weight"), n("bias"), kNormEps); };
    Tensor h = norm(w / "norm1");
    h = b.attention(b.linear(h, self("to_q.weight"), {}), b.linear(h, self("to_k.weight"), {}),
                    b.linear(h, self("to_v.weight"), {}), int(x.dim(2) / config.head_dim));
    x = b.add(x, b.linear(h, self("to_out.0.weight"), self("to_out.0.bias")));
    x = b.add(x, token);
    h = b.linear(norm(w / "norm3"), feed_forward("0.proj.weight"), feed_forward("0.proj.bias"));
    h = b.gelu_gate(h);
    return b.add(x, b.linear(h, feed_forward("2.weight"), feed_forward("2.bias")));
  }
};

class Network {
 public:
  Network(Backend& backend, const UnetConfig& config, const Scope& weights, const UnetConditioning& conditioning,
          const UnetTime& time, const UnetObserver& observe, const BlockRunner& run)
      : b_(backend), config_(config), weights_(weights), tokens_(conditioning.tokens), time_(time.modulations),
        observe_(observe), run_(run) {}

  // x (N,H,W,2*channels), padded to the network's multiple.
  Tensor run(Tensor x) {
    const int levels = config_.levels();
    x = seen("init_conv", b_.conv2d(x, weights_("init_conv.weight"), {}, {.padding = 3}));
    Tensor first = x;
    if (config_.half_scale) x = downsample("downsample", x);
    std::vector<Tensor> skips;
    for (int level = 0; level < levels; ++level) {
      const std::string name = cat("downs.", level);
      x = res_block(name + ".0", x);
      skips.push_back(x);
      x = res_block(name + ".1", x);
      x = attention(name + ".2", x, has_transformer(config_, level));
      skips.push_back(x);
      x = level + 1 < levels ? downsample(name + ".3", x) : same_size(name + ".3", x);
    }
    x = res_block("mid_block1", x);
    x = attention("mid_attn", x, config_.content_dim > 0);
    x = res_block("mid_block2", x);
    for (int i = 0; i < levels; ++i) {
      const int level = levels - 1 - i;
      const std::string name = cat("ups.", i);
      x = join(std::move(x), take(skips));
      x = res_block(name + ".0", x);
      x = join(std::move(x), take(skips));
      x = res_block(name + ".1", x);
      x = attention(name + ".2", x, has_transformer(config_, level));
      x = level > 0 ? upsample(name + ".3", x) : same_size(name + ".3", x);
    }
    if (config_.half_scale) x = upsample("upsample", x);
    x = join(std::move(x), std::move(first));
    x = res_block("final_res_block", x);
    return b_.conv2d(x, weights_("final_conv.weight"), weights_("final_conv.bias"), {.padding = 1});
  }

 private:
  Tensor res_block(const std::string& name, const Tensor& x) {
    const Parts parts{b_, config_};
    const Scope w = weights_ / name;
    const auto block = [parts, w](const Tensor& in, const Tensor& side) { return parts.res_block(w, in, side); };
    return seen(name, run_ ? run_(block, x, time_(name)) : block(x, time_(name)));
  }

  Tensor attention(const std::string& name, const Tensor& x, bool transformer) {
    const Parts parts{b_, config_};
    const Scope w = weights_ / name / "fn";
    const Tensor token = transformer ? tokens_(name) : Tensor();
    const auto block = [parts, w](const Tensor& in, const Tensor& side) { return parts.attention(w, in, side); };
    return seen(name, run_ ? run_(block, x, token) : block(x, token));
  }

  Tensor downsample(const std::string& name, const Tensor& x) {
    const Scope w = weights_ / name;
    return seen(name, b_.conv2d(x, w("weight"), w("bias"), {.stride = 2, .padding = 1}));
  }

  Tensor upsample(const std::string& name, const Tensor& x) {
    const Scope w = weights_ / name / 1;
    return seen(name, b_.conv2d(b_.resize_nearest(x, 2), w("weight"), w("bias"), {.padding = 1}));
  }

  Tensor same_size(const std::string& name, const Tensor& x) {
    return seen(name, b_.conv2d(x, (weights_ / name)("weight"), {}, {.padding = 1}));
  }

  // Takes its parts by value, so that they are freed before the result is used: at full resolution each is a large
  // fraction of the memory.
  Tensor join(Tensor a, Tensor b) {
    const Tensor parts[] = {std::move(a), std::move(b)};
    return b_.concat(parts, 3);
  }

  static Tensor take(std::vector<Tensor>& skips) {
    Tensor last = std::move(skips.back());
    skips.pop_back();
    return last;
  }

  Tensor seen(const std::string& name, Tensor x) {
    if (observe_) observe_(name, x);
    return x;
  }

  Backend& b_;
  const UnetConfig& config_;
  const Scope& weights_;
  const Scope tokens_, time_;
  const UnetObserver& observe_;
  const BlockRunner& run_;
};

// (N,width): sines, then cosines.
Tensor sinusoid(Backend& b, std::span<const double> times, int width) {
  const int half = width / 2;
  std::vector<float> values(times.size() * size_t(width));
  for (size_t n = 0; n < times.size(); ++n)
    for (int k = 0; k < half; ++k) {
      const double angle = times[n] * std::exp(-k * std::log(10000.0) / (half - 1));
      values[n * size_t(width) + size_t(k)] = float(std::sin(angle));
      values[n * size_t(width) + size_t(half + k)] = float(std::cos(angle));
    }
  return b.from_floats(values, {int64_t(times.size()), width});
}

void list_transformer(WeightList& list, const std::string& name, int64_t width, int content_dim) {
  list.norm(name + ".norm", width);
  list.conv(name + ".proj_in", width, width, 1);
  const std::string block = name + ".transformer_blocks.0";
  const auto attention = [&](const std::string& part, int64_t source) {
    list.linear(block + part + ".to_q", width, width, false);
    list.linear(block + part + ".to_k", width, source, false);
    list.linear(block + part + ".to_v", width, source, false);
    list.linear(block + part + ".to_out.0", width, width);
  };
  attention(".attn1", width);
  list.linear(block + ".ff.net.0.proj", 2 * kFeedForward * width, width);
  list.linear(block + ".ff.net.2", width, kFeedForward * width);
  attention(".attn2", content_dim);
  for (const char* norm : {".norm1", ".norm2", ".norm3"}) list.norm(block + norm, width);
  list.add(name + ".proj_out.weight", {width, width, 1, 1}, WeightSpec::Init::zeros);
  list.add(name + ".proj_out.bias", {width}, WeightSpec::Init::zeros);
}

void list_attention(WeightList& list, const Attention& attention, const UnetConfig& config) {
  const std::string inner = attention.name + ".fn.fn";
  const auto gain = [&](const std::string& name) {
    list.add(name, {1, attention.channels, 1, 1}, WeightSpec::Init::ones);
  };
  if (attention.transformer) {
    list_transformer(list, inner, attention.channels, config.content_dim);
  } else {
    const int64_t hidden = int64_t(config.heads) * config.head_dim;
    list.conv(inner + ".to_qkv", 3 * hidden, attention.channels, 1, false);
    list.conv(inner + ".to_out.0", attention.channels, hidden, 1);
    gain(inner + ".to_out.1.g");
  }
  gain(attention.name + ".fn.norm.g");
}

void list_res_block(WeightList& list, const ResBlock& block, int64_t time_dim) {
  list.linear(block.name + ".mlp.1", 2 * block.out, time_dim);
  list.conv(block.name + ".block1.proj", block.out, block.in, 3, false);
  list.conv(block.name + ".block2.proj", block.out, block.out, 3, false);
  if (block.in != block.out) list.conv(block.name + ".res_conv", block.out, block.in, 1, false);
}

}  // namespace

UnetConditioning unet_conditioning(Backend& b, const UnetConfig& config, const Scope& w, const Contexts& contexts) {
  validate(config);
  check_context(contexts.degradation, config.degradation_dim, "degradation");
  check_context(contexts.content, config.content_dim, "content");
  UnetConditioning result;
  if (contexts.degradation.defined()) {  // Fig. 3b
    Tensor x = b.linear(contexts.degradation, w("text_mlp.0.weight"), w("text_mlp.0.bias"));
    x = b.linear(b.silu(x), w("text_mlp.2.weight"), w("text_mlp.2.bias"));
    x = b.mul(b.softmax(x), w("prompt"));
    result.prompt = b.linear(x, w("prompt_mlp.weight"), w("prompt_mlp.bias"));
  }
  if (config.content_dim == 0) return result;
  const Tensor content = contexts.content.defined()
                             ? contexts.content
                             : b.from_floats(std::vector<float>(size_t(config.content_dim)), {1, config.content_dim});
  // The content is a single token, so the softmax over it is 1 for any query, and queries and keys are not needed.
  for (const Attention& attention : make_plan(config).attentions) {
    if (!attention.transformer) continue;
    const Scope cross = w / attention.name / "fn" / "fn" / "transformer_blocks" / 0 / "attn2";
    const Tensor value = b.linear(content, cross("to_v.weight"), {});
    const Tensor token = b.linear(value, cross("to_out.0.weight"), cross("to_out.0.bias"));
    result.tokens.emplace(attention.name, b.reshape(token, {token.dim(0), 1, token.dim(1)}));
  }
  return result;
}

UnetTime unet_time(Backend& b, const UnetConfig& config, const Scope& w, const UnetConditioning& conditioning,
                   std::span<const double> times) {
  validate(config);
  Tensor t = b.linear(sinusoid(b, times, config.width), w("time_mlp.1.weight"), w("time_mlp.1.bias"));
  t = b.linear(b.gelu(t), w("time_mlp.3.weight"), w("time_mlp.3.bias"));
  if (conditioning.prompt.defined()) t = b.add(t, conditioning.prompt);
  t = b.silu(t);
  UnetTime result;
  for (const ResBlock& block : make_plan(config).res_blocks) {
    const Scope mlp = w / block.name / "mlp" / 1;
    result.modulations.emplace(block.name, b.linear(t, mlp("weight"), mlp("bias")));
  }
  return result;
}

Tensor unet(Backend& b, const UnetConfig& config, const Scope& weights, const UnetConditioning& conditioning,
            const UnetTime& time, const Tensor& xt, const Tensor& mu, const UnetObserver& observe,
            const BlockRunner& run) {
  validate(config);
  if (xt.rank() != 4 || xt.dim(3) != config.channels || mu.shape() != xt.shape())
    throw ShapeError(cat("unet: state ", to_string(xt.shape()), " and picture ", to_string(mu.shape()),
                         ", expected both (N, H, W, ", config.channels, ")"));
  const int64_t m = config.multiple(), height = xt.dim(1), width = xt.dim(2);
  const int64_t padded_height = (height + m - 1) / m * m, padded_width = (width + m - 1) / m * m;
  const bool fits = padded_height == height && padded_width == width;
  const Tensor parts[] = {b.add(xt, b.scale(mu, -1)), mu};
  Tensor input = b.concat(parts, 3);
  if (!fits) input = b.pad_reflect(input, padded_height, padded_width);
  const Tensor noise = Network(b, config, weights, conditioning, time, observe, run).run(std::move(input));
  return fits ? noise : b.crop(noise, height, width);
}

Tensor unet(Backend& b, const UnetConfig& config, const Scope& weights, const Tensor& xt, const Tensor& mu,
            std::span<const double> times, const Contexts& contexts, const UnetObserver& observe,
            const BlockRunner& run) {
  if (xt.rank() != 4 || (times.size() != 1 && int64_t(times.size()) != xt.dim(0)))
    throw ShapeError(cat("unet: ", times.size(), " times for a state ", to_string(xt.shape()),
                         ", expected one per image or one for all"));
  const std::vector<double> all = times.size() == 1 ? std::vector<double>(size_t(xt.dim(0)), times[0])
                                                    : std::vector<double>(times.begin(), times.end());
  const UnetConditioning conditioning = unet_conditioning(b, config, weights, contexts);
  return unet(b, config, weights, conditioning, unet_time(b, config, weights, conditioning, all), xt, mu, observe, run);
}

std::vector<WeightSpec> unet_weights(const UnetConfig& config) {
  validate(config);
  WeightList list;
  const int64_t width = config.width, time_dim = config.time_dim();
  const int levels = config.levels();
  list.conv("init_conv", width, int64_t(2) * config.channels, 7, false);
  list.linear("time_mlp.1", time_dim, width);
  list.linear("time_mlp.3", time_dim, time_dim);
  if (config.degradation_dim > 0) {
    list.add("prompt", {1, time_dim}, WeightSpec::Init::unit_uniform);
    list.linear("text_mlp.0", time_dim, config.degradation_dim);
    list.linear("text_mlp.2", time_dim, time_dim);
    list.linear("prompt_mlp", time_dim, time_dim);
  }
  const Plan plan = make_plan(config);
  for (const ResBlock& block : plan.res_blocks) list_res_block(list, block, time_dim);
  for (const Attention& attention : plan.attentions) list_attention(list, attention, config);
  for (int level = 0; level < levels; ++level) {
    const int64_t in = config.width_in(level), out = config.width_out(level);
    const bool last = level + 1 == levels;
    list.conv(cat("downs.", level, ".3"), out, in, last ? 3 : 4, !last);
    list.conv(cat("ups.", levels - 1 - level, level > 0 ? ".3.1" : ".3"), in, out, 3, level > 0);
  }
  if (config.half_scale) {
    list.conv("downsample", width, width, 4);
    list.conv("upsample.1", width, width, 3);
  }
  list.conv("final_conv", config.channels, width, 3);
  return list.take();
}

void visit(ConfigVisitor& v, UnetConfig& c) {
  v.field("channels", c.channels, between(1, 64));
  v.field("width", c.width, between(4, 4096));
  v.field("multipliers", c.multipliers, between(1, 64));
  v.field("degradation_dim", c.degradation_dim, between(0, 16384));
  v.field("content_dim", c.content_dim, between(0, 16384));
  v.field("first_transformer", c.first_transformer, between(0, 64));
  v.field("half_scale", c.half_scale);
  v.field("heads", c.heads, between(1, 1024));
  v.field("head_dim", c.head_dim, between(1, 4096));
}

void validate(const UnetConfig& config) {
  UnetConfig copy = config;
  RangeCheck check("restorer");
  visit(check, copy);
  if (config.width % 2 != 0) throw FormatError(cat("restorer.width: ", config.width, ": expected an even number"));
  if (config.multipliers.empty() || config.multipliers.size() > 8)
    throw FormatError(cat("restorer.multipliers has ", config.multipliers.size(), " levels: expected 1 to 8"));
  for (const Attention& attention : make_plan(config).attentions)
    if (attention.transformer && (attention.channels % kGroups != 0 || attention.channels % config.head_dim != 0))
      throw FormatError(cat("restorer: ", attention.name, " has ", attention.channels,
                            " channels: expected a multiple of ", kGroups, " and of restorer.head_dim ",
                            config.head_dim));
}

namespace {

class UnetPrediction : public NoisePrediction {
 public:
  UnetPrediction(Backend& backend, const UnetConfig& config, const Scope& weights, const Contexts& contexts,
                 std::span<const double> times)
      : backend_(backend), config_(config), weights_(weights),
        conditioning_(unet_conditioning(backend, config, weights, contexts)) {
    for (const double& time : times)
      times_.push_back(unet_time(backend, config, weights, conditioning_, std::span(&time, 1)));
  }

  Tensor predict(int step, const Tensor& xt, const Tensor& mu) override {
    return unet(backend_, config_, weights_, conditioning_, times_.at(size_t(step)), xt, mu);
  }

 private:
  Backend& backend_;
  const UnetConfig& config_;
  Scope weights_;
  UnetConditioning conditioning_;
  std::vector<UnetTime> times_;  // one per evaluation
};

std::string describe_contexts(const UnetConfig& config) {
  if (config.content_dim == 0 && config.degradation_dim == 0) return "no contexts";
  if (config.content_dim == 0) return cat("degradation context of ", config.degradation_dim);
  if (config.degradation_dim == 0) return cat("content context of ", config.content_dim);
  return cat("content and degradation contexts of ", config.content_dim);
}

class Unet : public DiffusionNetwork {
 public:
  Unet(const UnetConfig& config, const SdeConfig& sde) : DiffusionNetwork(sde), config_(config) {}

  const NetworkType& type() const override;
  std::unique_ptr<RestorationNetwork> clone() const override { return std::make_unique<Unet>(config_, sde()); }

  void visit(ConfigVisitor& visitor) override {
    daclip::visit(visitor, config_);
    DiffusionNetwork::visit(visitor);
  }
  void validate() const override {
    daclip::validate(config_);
    daclip::validate(sde());
  }
  ContextDims context_dims() const override { return {config_.content_dim, config_.degradation_dim}; }
  void set_context_dims(const ContextDims& dims) override {
    config_.content_dim = dims.content;
    config_.degradation_dim = dims.degradation;
  }
  std::vector<std::string> describe() const override {
    return {cat("conditional U-Net", config_.half_scale ? " (wild)" : "", ", nf ", config_.width, ", ch_mult ",
                joined(config_.multipliers), ", ", describe_contexts(config_)),
            cat("IR-SDE: max_sigma ", sde().max_sigma, ", T ", sde().steps, ", schedule ",
                schedule_name(sde().schedule), ", eps ", sde().eps)};
  }

  std::vector<WeightSpec> weights() const override { return unet_weights(config_); }
  int multiple() const override { return config_.multiple(); }
  // The peak is in the first ResBlock of the last decoder level: two concatenated maps, the remaining skip, the first
  // convolution's result, and three intermediate maps. At half scale it is in the final block, without a skip.
  double values_per_pixel() const override { return (config_.half_scale ? 6.0 : 7.0) * config_.width; }

  std::unique_ptr<NoisePrediction> prediction(Backend& backend, const Scope& weights, const Contexts& contexts,
                                              std::span<const double> times) const override {
    return std::make_unique<UnetPrediction>(backend, config_, weights, contexts, times);
  }
  Tensor noise(Backend& backend, const Scope& weights, const Tensor& xt, const Tensor& mu,
               std::span<const double> times, const Contexts& contexts, const BlockRunner& run) const override {
    return unet(backend, config_, weights, xt, mu, times, contexts, {}, run);
  }

 private:
  UnetConfig config_;
};

bool is_unet(const NamedArrays& arrays) { return arrays.has("init_conv.weight") && arrays.has("final_conv.weight"); }

std::unique_ptr<RestorationNetwork> detect_unet(const NamedArrays& arrays, const std::string& where) {
  constexpr const char* kTransformer = ".fn.fn.transformer_blocks.0.attn2.to_k.weight";
  const TensorShapes shapes(arrays, where);
  UnetConfig config;
  config.channels = shapes.dim("final_conv.weight", 0);
  config.width = shapes.dim("init_conv.weight", 0);
  const int levels = shapes.count("downs.", ".3.weight");
  config.multipliers.clear();
  for (int i = 0; i < levels; ++i) {
    const int out = shapes.dim(cat("downs.", i, ".3.weight"), 0);
    if (out % config.width != 0)
      throw WeightsError(cat(where, ": level ", i, " has ", out, " channels, expected a multiple of ", config.width));
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
  return std::make_unique<Unet>(config, SdeConfig());
}

std::vector<PublishedNetwork> published_unets() {
  UnetConfig plain;
  plain.degradation_dim = plain.content_dim = 0;
  UnetConfig wild;
  wild.content_dim = 768;  // ViT-L/14's embedding
  wild.degradation_dim = 0;
  wild.half_scale = true;
  wild.first_transformer = wild.levels() - 1;
  return {
      {"IR-SDE", make_unet(plain)}, {"IR-SDE + DA-CLIP", make_unet({})}, {"IR-SDE + DA-CLIP, wild", make_unet(wild)}};
}

}  // namespace

extern const NetworkType kUnet;
const NetworkType kUnet = {
    .name = "unet",
    .title = "the conditional U-Net",
    .make = [] { return std::unique_ptr<RestorationNetwork>(std::make_unique<Unet>(UnetConfig(), SdeConfig())); },
    .matches = is_unet,
    .detect = detect_unet,
    .published = published_unets,
};

const NetworkType& Unet::type() const { return kUnet; }

std::unique_ptr<DiffusionNetwork> make_unet(const UnetConfig& config, const SdeConfig& sde) {
  validate(config);
  validate(sde);
  return std::make_unique<Unet>(config, sde);
}

}  // namespace daclip
