#include "nets/maxim.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "nets/registry.h"
#include "nets/tensor_shapes.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

constexpr float kNormEps = 1e-6f;  // Flax's LayerNorm
constexpr float kLeakySlope = 0.2f;
constexpr int kColours = 3;
using Groups = Backend::Groups;

int side_at(const MaximConfig& config, int level) {
  return level < config.high_levels ? config.high_side : config.low_side;
}

class Network {
 public:
  Network(Backend& backend, const MaximConfig& config, const Pooling& pooling)
      : b_(backend), config_(config), pooling_(pooling) {}

  // lq padded to the network's multiple.
  Tensor run(const Scope& w, const Tensor& lq) {
    std::vector<Tensor> pictures;  // of every level
    for (int level = 0; level < config_.levels; ++level) pictures.push_back(every(lq, 1 << level));
    Features last;
    for (int stage = 0; stage + 1 < config_.stages; ++stage) last = run_stage(w, stage, pictures, last);
    last = run_stage(w, config_.stages - 1, pictures, last);
    const Scope out = w / cat("stage_", config_.stages - 1, "_output_conv_0");
    return b_.add(conv(out, last.decoded.front(), {.padding = 1}), lq);
  }

 private:
  // What a stage passes on, by level.
  struct Features {
    std::vector<Tensor> encoded, decoded, supervised;
    bool empty() const { return encoded.empty(); }
  };

  Features run_stage(const Scope& w, int stage, const std::vector<Tensor>& pictures, const Features& last) {
    const auto part = [&](const char* name, int index) { return w / cat("stage_", stage, "_", name, "_", index); };
    const bool final = stage == config_.stages - 1;
    Features now;
    now.decoded.resize(size_t(config_.levels));
    now.supervised.resize(size_t(config_.levels));

    Tensor x;
    for (int level = 0; level < config_.levels; ++level) {
      Tensor input = conv(part("input_conv", level), pictures[size_t(level)], {.padding = 1});
      if (!last.empty()) input = cross_gate(part("input_fuse_sam", level), input, last.supervised[size_t(level)]).first;
      const Scope block = part("encoder_block", level);
      Tensor y = u_block(block, joined({level == 0 ? input : x, input}));
      if (!last.empty()) {
        const Tensor seen = b_.add(last.encoded[size_t(level)], last.decoded[size_t(level)]);
        y = cross_gate(block / "cross_gating_block", y, seen).first;
      }
      now.encoded.push_back(y);
      x = conv(block / "Conv_1", y, {.stride = 2, .padding = 1});
    }
    for (int i = 0; i < config_.bottleneck_blocks; ++i) x = bottleneck(part("global_block", i), x);

    // Skip connections: the encoder's levels, brought to each level and gated by the deeper ones.
    int resampled = 2 * config_.levels * config_.levels * stage;  // published modules are numbered in this order
    std::vector<Tensor> skips(size_t(config_.levels));
    Tensor global = x;
    for (int level = config_.levels - 1; level >= 0; --level) {
      std::vector<Tensor> signal;
      for (int from = 0; from < config_.levels; ++from)
        signal.push_back(resample(w / cat("UpSampleRatio_", resampled++), now.encoded[size_t(from)], from, level));
      const Scope gate = part("cross_gating_block", level);
      std::tie(skips[size_t(level)], global) = cross_gate(gate, joined(signal), grow(gate / "ConvTranspose_0", global));
    }
    for (int level = config_.levels - 1; level >= 0; --level) {
      std::vector<Tensor> signal;
      const Scope block = part("decoder_block", level);
      signal.push_back(grow(block / "ConvTranspose_0", x));
      for (int from = config_.levels - 1; from >= 0; --from)
        signal.push_back(resample(w / cat("UpSampleRatio_", resampled++), skips[size_t(from)], from, level));
      x = u_block(block / "UNetEncoderBlock_0", joined(signal));
      now.decoded[size_t(level)] = x;
      if (!final)
        now.supervised[size_t(level)] =
            supervise(part("supervised_attention_module", level), x, pictures[size_t(level)]);
    }
    return now;
  }

  // Every factor-th pixel of a picture, as JAX's nearest-neighbour reduction takes them: the one at the middle, rounded
  // up.
  Tensor every(const Tensor& picture, int factor) {
    if (factor == 1) return picture;
    const Tensor parts = b_.pixel_unshuffle(picture, factor);
    std::vector<Tensor> colours;
    for (int c = 0; c < kColours; ++c) {
      const int64_t middle = (int64_t(c) * factor + factor / 2) * factor + factor / 2;
      colours.push_back(b_.slice(parts, 3, middle, middle + 1));
    }
    return joined(colours);
  }

  // A block of the encoder or decoder, without what changes the resolution.
  Tensor u_block(const Scope& w, const Tensor& input) {
    const Tensor shortcut = conv(w / "Conv_0", input);
    Tensor x = shortcut;
    for (int i = 0; i < config_.groups; ++i) {
      x = multi_axis_mlp(w / cat("SplitHeadMultiAxisGmlpLayer_", i), x);
      x = channel_attention_block(w / cat("channel_attention_block_1", i), x);
    }
    return b_.add(x, shortcut);
  }

  Tensor bottleneck(const Scope& w, const Tensor& input) {
    const Tensor shortcut = conv(w / "input_proj", input);
    Tensor x = shortcut;
    for (int i = 0; i < config_.groups; ++i) {
      x = multi_axis_mlp(w / cat("SplitHeadMultiAxisGmlpLayer_", i), x);
      x = channel_mixing_block(w / cat("channel_attention_block_1_", i), x);
    }
    return b_.add(x, shortcut);
  }

  // Half of the channels see a grid over the map, half of them blocks.
  Tensor multi_axis_mlp(const Scope& w, const Tensor& input) {
    if (const Tensor fused = b_.fused_multi_axis_mlp(w, input, kNormEps); fused.defined()) return fused;
    const Tensor x = activated(w / "in_project", norm(w / "LayerNorm_in", input));
    const Tensor parts[] = {gated_mlp(w / "GridGmlpLayer", half(x, 0), Groups::grid),
                            gated_mlp(w / "BlockGmlpLayer", half(x, 1), Groups::blocks)};
    return b_.add(input, dense(w / "out_project", b_.concat(parts, 3)));
  }

  Tensor gated_mlp(const Scope& w, const Tensor& input, Groups groups) {
    const Scope unit = w / (groups == Groups::grid ? "GridGatingUnit" : "BlockGatingUnit");
    const Tensor x = activated(w / "in_project", norm(w / "LayerNorm", input));
    const Tensor u = half(x, 0), v = mix(unit / "Dense_0", norm(unit / "intermediate_layernorm", half(x, 1)), groups);
    return b_.add(input, dense(w / "out_project", b_.add(b_.mul(u, v), u)));
  }

  // x and y gate each other; the sum of all goes on as x.
  std::pair<Tensor, Tensor> cross_gate(const Scope& w, const Tensor& first, const Tensor& second) {
    const Tensor shortcut_x = conv(w / "Conv_0", first), shortcut_y = conv(w / "Conv_1", second);
    const Tensor x = activated(w / "in_project_x", norm(w / "LayerNorm_x", shortcut_x));
    const Tensor gate_x = spatial_gate(w / "SplitHeadMultiAxisGating_x", x);
    const Tensor y = activated(w / "in_project_y", norm(w / "LayerNorm_y", shortcut_y));
    const Tensor gate_y = spatial_gate(w / "SplitHeadMultiAxisGating_y", y);
    const Tensor out_y = b_.add(dense(w / "out_project_y", b_.mul(y, gate_x)), shortcut_y);
    const Tensor out_x = b_.add(dense(w / "out_project_x", b_.mul(x, gate_y)), b_.add(out_y, shortcut_x));
    return {out_x, out_y};
  }

  Tensor spatial_gate(const Scope& w, const Tensor& input) {
    if (const Tensor fused = b_.fused_spatial_gate(w, input, kNormEps); fused.defined()) return fused;
    const Tensor x = activated(w / "in_project", norm(w / "LayerNorm_in", input));
    const Tensor parts[] = {mix(w / "Dense_0", half(x, 0), Groups::grid),
                            mix(w / "Dense_1", half(x, 1), Groups::blocks)};
    return dense(w / "out_project", b_.concat(parts, 3));
  }

  // RCAB: residual channel attention.
  Tensor channel_attention_block(const Scope& w, const Tensor& input) {
    Tensor x = conv(w / "conv1", norm(w / "LayerNorm", input), {.padding = 1});
    x = conv(w / "conv2", b_.leaky_relu(x, kLeakySlope), {.padding = 1});
    return b_.add(channel_attention(w / "channel_attention", x), input);
  }

  // RDCAB: the same with dense layers.
  Tensor channel_mixing_block(const Scope& w, const Tensor& input) {
    const Scope mlp = w / "channel_mixing";
    const Tensor x = activated(mlp / "Dense_0", norm(w / "LayerNorm", input));
    return b_.add(channel_attention(w / "channel_attention", dense(mlp / "Dense_1", x)), input);
  }

  Tensor channel_attention(const Scope& w, const Tensor& x) {
    const Tensor mean = pooling_ ? pooling_(x) : b_.global_mean(x);
    return b_.mul(x, b_.sigmoid(conv(w / "Conv_1", b_.relu(conv(w / "Conv_0", mean)))));
  }

  // SAM: features for the next stage, gated by this stage's own picture.
  Tensor supervise(const Scope& w, const Tensor& x, const Tensor& picture) {
    const Tensor features = conv(w / "Conv_0", x, {.padding = 1});
    const Tensor restored = b_.add(conv(w / "Conv_1", x, {.padding = 1}), picture);
    return b_.add(b_.mul(features, b_.sigmoid(conv(w / "Conv_2", restored, {.padding = 1}))), x);
  }

  // From one level's resolution to another's. Where it grows, the convolution runs first, at the lower resolution;
  // both are linear and the resizing keeps constants, so the order does not matter.
  Tensor resample(const Scope& w, const Tensor& x, int from, int to) {
    if (from == to) return conv(w / "Conv_0", x);
    if (from > to) {
      const Tensor y = conv(w / "Conv_0", x);
      return b_.resize_bilinear(y, y.dim(1) << (from - to), y.dim(2) << (from - to));
    }
    return conv(w / "Conv_0", b_.resize_bilinear(x, x.dim(1) >> (to - from), x.dim(2) >> (to - from)));
  }

  Tensor grow(const Scope& w, const Tensor& x) { return b_.pixel_shuffle(conv(w, x), 2); }
  Tensor conv(const Scope& w, const Tensor& x, ConvOptions options = {}) {
    return b_.conv2d(x, w("weight"), w("bias"), options);
  }
  Tensor dense(const Scope& w, const Tensor& x) { return b_.linear(x, w("weight"), w("bias")); }
  Tensor activated(const Scope& w, const Tensor& x) { return b_.linear_gelu_tanh(x, w("weight"), w("bias")); }
  Tensor norm(const Scope& w, const Tensor& x) { return b_.layer_norm(x, w("weight"), w("bias"), kNormEps); }
  Tensor mix(const Scope& w, const Tensor& x, Groups groups) {
    return b_.mix_positions(x, w("weight"), w("bias"), groups);
  }
  Tensor half(const Tensor& x, int which) {
    const int64_t channels = x.dim(3) / 2;
    return b_.slice(x, 3, which * channels, (which + 1) * channels);
  }
  Tensor joined(const std::vector<Tensor>& parts) { return b_.concat(parts, 3); }

  Backend& b_;
  const MaximConfig& config_;
  const Pooling& pooling_;
};

// Lists the weights of one module after another, as Network runs them.
class Listing {
 public:
  explicit Listing(const MaximConfig& config) : config_(config) {}

  std::vector<WeightSpec> all() {
    int resampled = 0;
    for (int stage = 0; stage < config_.stages; ++stage) list_stage(cat("stage_", stage, "_"), stage, resampled);
    list_.conv(cat("stage_", config_.stages - 1, "_output_conv_0"), kColours, config_.features, 3);
    return list_.take();
  }

 private:
  int64_t width(int level) const { return int64_t(config_.features) << level; }

  void list_stage(const std::string& stage, int index, int& resampled) {
    const int levels = config_.levels;
    for (int level = 0; level < levels; ++level) {
      const int64_t c = width(level);
      list_.conv(cat(stage, "input_conv_", level), c, kColours, 3);
      if (index > 0) cross_gate(cat(stage, "input_fuse_sam_", level), c, c, level);
      const std::string block = cat(stage, "encoder_block_", level);
      u_block(block, c, (level == 0 ? c : c / 2) + c, level);
      if (index > 0) cross_gate(block + ".cross_gating_block", c, c, level);
      list_.conv(block + ".Conv_1", c, c, 4);
    }
    const int64_t deepest = width(levels - 1);
    for (int i = 0; i < config_.bottleneck_blocks; ++i) bottleneck(cat(stage, "global_block_", i), deepest);
    for (int level = levels - 1; level >= 0; --level) {
      for (int from = 0; from < levels; ++from) resample(resampled, width(from), width(level));
      const std::string gate = cat(stage, "cross_gating_block_", level);
      grow(gate, width(level), width(std::min(level + 1, levels - 1)));
      cross_gate(gate, width(level), width(level) * levels, level);
    }
    for (int level = levels - 1; level >= 0; --level) {
      const std::string block = cat(stage, "decoder_block_", level);
      grow(block, width(level), width(std::min(level + 1, levels - 1)));
      for (int from = levels - 1; from >= 0; --from) resample(resampled, width(from), width(level));
      u_block(block + ".UNetEncoderBlock_0", width(level), width(level) * (levels + 1), level);
      if (index + 1 == config_.stages) continue;
      const std::string module = cat(stage, "supervised_attention_module_", level);
      list_.conv(module + ".Conv_0", width(level), width(level), 3);
      list_.conv(module + ".Conv_1", kColours, width(level), 3);
      list_.conv(module + ".Conv_2", width(level), kColours, 3);
    }
  }

  void resample(int& number, int64_t in, int64_t out) {
    list_.conv(cat("UpSampleRatio_", number++, ".Conv_0"), out, in, 1);
  }
  void grow(const std::string& name, int64_t out, int64_t in) { list_.conv(name + ".ConvTranspose_0", 4 * out, in, 1); }

  void u_block(const std::string& name, int64_t c, int64_t in, int level) {
    list_.conv(name + ".Conv_0", c, in, 1);
    for (int i = 0; i < config_.groups; ++i) {
      multi_axis_mlp(cat(name, ".SplitHeadMultiAxisGmlpLayer_", i), c, side_at(config_, level));
      const std::string block = cat(name, ".channel_attention_block_1", i);
      list_.norm(block + ".LayerNorm", c);
      list_.conv(block + ".conv1", c, c, 3);
      list_.conv(block + ".conv2", c, c, 3);
      channel_attention(block, c);
    }
  }

  void bottleneck(const std::string& name, int64_t c) {
    list_.conv(name + ".input_proj", c, c, 1);
    for (int i = 0; i < config_.groups; ++i) {
      multi_axis_mlp(cat(name, ".SplitHeadMultiAxisGmlpLayer_", i), c, config_.low_side);
      const std::string block = cat(name, ".channel_attention_block_1_", i);
      list_.norm(block + ".LayerNorm", c);
      list_.linear(block + ".channel_mixing.Dense_0", c, c);
      list_.linear(block + ".channel_mixing.Dense_1", c, c);
      channel_attention(block, c);
    }
  }

  void channel_attention(const std::string& block, int64_t c) {
    const int64_t inner = std::max<int64_t>(1, c / config_.channel_reduction);
    list_.conv(block + ".channel_attention.Conv_0", inner, c, 1);
    list_.conv(block + ".channel_attention.Conv_1", c, inner, 1);
  }

  void multi_axis_mlp(const std::string& name, int64_t c, int side) {
    list_.norm(name + ".LayerNorm_in", c);
    list_.linear(name + ".in_project", 2 * c, c);
    gated_mlp(name + ".GridGmlpLayer", ".GridGatingUnit", c, side);
    gated_mlp(name + ".BlockGmlpLayer", ".BlockGatingUnit", c, side);
    list_.linear(name + ".out_project", c, 2 * c);
  }

  void gated_mlp(const std::string& name, const std::string& unit, int64_t c, int side) {
    list_.norm(name + ".LayerNorm", c);
    list_.linear(name + ".in_project", 2 * c, c);
    list_.norm(name + unit + ".intermediate_layernorm", c);
    mix(name + unit + ".Dense_0", side);
    list_.linear(name + ".out_project", c, c);
  }

  void cross_gate(const std::string& name, int64_t c, int64_t in, int level) {
    list_.conv(name + ".Conv_0", c, in, 1);
    list_.conv(name + ".Conv_1", c, c, 1);
    for (const char* which : {"_x", "_y"}) {
      list_.norm(cat(name, ".LayerNorm", which), c);
      list_.linear(cat(name, ".in_project", which), c, c);
      const std::string gate = cat(name, ".SplitHeadMultiAxisGating", which);
      list_.norm(gate + ".LayerNorm_in", c);
      list_.linear(gate + ".in_project", 2 * c, c);
      mix(gate + ".Dense_0", side_at(config_, level));
      mix(gate + ".Dense_1", side_at(config_, level));
      list_.linear(gate + ".out_project", c, 2 * c);
      list_.linear(cat(name, ".out_project", which), c, c);
    }
  }

  // The published bias starts at one, so that untrained gates let everything through.
  void mix(const std::string& name, int side) {
    const int64_t positions = int64_t(side) * side;
    list_.add(name + ".weight", {positions, positions}, WeightSpec::Init::fan_in, 1.0 / side);
    list_.add(name + ".bias", {positions}, WeightSpec::Init::ones);
  }

  const MaximConfig& config_;
  WeightList list_;
};

}  // namespace

int MaximConfig::multiple() const {
  int64_t all = int64_t(low_side) << levels;  // the bottleneck's
  for (int level = 0; level < levels; ++level) all = std::lcm(all, int64_t(side_at(*this, level)) << level);
  return int(all);
}

Tensor maxim(Backend& backend, const MaximConfig& config, const Scope& weights, const Tensor& lq,
             const Pooling& pooling) {
  validate(config);
  if (lq.rank() != 4 || lq.dim(3) != kColours)
    throw ShapeError(cat("maxim: image ", to_string(lq.shape()), ", expected (N, H, W, ", kColours, ")"));
  const int64_t m = config.multiple(), height = round_up(lq.dim(1), m), width = round_up(lq.dim(2), m);
  const bool fits = height == lq.dim(1) && width == lq.dim(2);
  const Tensor restored = Network(backend, config, pooling).run(weights, fits ? lq : backend.pad(lq, height, width));
  return fits ? restored : backend.crop(restored, lq.dim(1), lq.dim(2));
}

std::vector<WeightSpec> maxim_weights(const MaximConfig& config) {
  validate(config);
  return Listing(config).all();
}

void visit(ConfigVisitor& v, MaximConfig& c) {
  v.field("features", c.features, between(2, 1024));
  v.field("stages", c.stages, between(1, 8));
  v.field("levels", c.levels, between(1, 6));
  v.field("groups", c.groups, between(1, 64));
  v.field("bottleneck_blocks", c.bottleneck_blocks, between(0, 64));
  v.field("high_levels", c.high_levels, between(0, 6));
  v.field("high_side", c.high_side, between(1, 32));
  v.field("low_side", c.low_side, between(1, 32));
  v.field("channel_reduction", c.channel_reduction, between(1, 1024));
}

void validate(const MaximConfig& config) {
  MaximConfig copy = config;
  RangeCheck check("restorer");
  visit(check, copy);
  if (config.high_levels > config.levels)
    throw FormatError(
        cat("restorer.high_levels ", config.high_levels, ": expected at most the ", config.levels, " levels"));
}

namespace {

class Maxim : public DirectNetwork {
 public:
  explicit Maxim(const MaximConfig& config) : config_(config) {}

  const NetworkType& type() const override;
  std::unique_ptr<RestorationNetwork> clone() const override { return std::make_unique<Maxim>(config_); }

  void visit(ConfigVisitor& visitor) override { daclip::visit(visitor, config_); }
  void validate() const override { daclip::validate(config_); }
  ContextDims context_dims() const override { return {}; }
  void set_context_dims(const ContextDims& dims) override {
    if (dims.content > 0 || dims.degradation > 0) throw FormatError("MAXIM takes no contexts");
  }
  std::vector<std::string> describe() const override {
    return {cat("MAXIM, ", config_.stages, " stages of ", config_.levels, " levels, width ", config_.features,
                ", blocks and grids of ", config_.high_side, " and ", config_.low_side)};
  }

  std::vector<WeightSpec> weights() const override { return maxim_weights(config_); }
  int multiple() const override { return config_.multiple(); }
  // Maps of `features` channels at full resolution: the last stage's encoded, decoded and supervised features of all
  // levels, this stage's, and a block's own intermediate maps.
  double values_per_pixel() const override { return 22.0 * config_.features; }
  bool pools_globally() const override { return true; }

  Tensor forward(Backend& backend, const Scope& weights, const Tensor& lq, const Contexts&,
                 const Pooling& pooling) const override {
    return maxim(backend, config_, weights, lq, pooling);
  }

 private:
  MaximConfig config_;
};

bool is_maxim(const NamedArrays& arrays) { return arrays.has("stage_0_input_conv_0.weight"); }

int side_of(const TensorShapes& shapes, const std::string& block, const std::string& where) {
  const int positions =
      shapes.dim(block + ".SplitHeadMultiAxisGmlpLayer_0.BlockGmlpLayer.BlockGatingUnit.Dense_0.weight", 0);
  const int side = int(std::lround(std::sqrt(double(positions))));
  if (side * side != positions)
    throw WeightsError(cat(where, ": ", block, " mixes ", positions, " positions, expected a square number"));
  return side;
}

std::unique_ptr<RestorationNetwork> detect_maxim(const NamedArrays& arrays, const std::string& where) {
  const TensorShapes shapes(arrays, where);
  MaximConfig config;
  config.features = shapes.dim("stage_0_input_conv_0.weight", 0);
  config.stages = shapes.count("stage_", "_input_conv_0.weight");
  config.levels = shapes.count("stage_0_input_conv_", ".weight");
  config.groups = shapes.count("stage_0_encoder_block_0.SplitHeadMultiAxisGmlpLayer_", ".in_project.weight");
  config.bottleneck_blocks = shapes.count("stage_0_global_block_", ".input_proj.weight");
  config.high_side = side_of(shapes, "stage_0_encoder_block_0", where);
  config.low_side = config.bottleneck_blocks > 0 ? side_of(shapes, "stage_0_global_block_0", where) : config.high_side;
  config.high_levels = 0;
  for (int level = 0; level < config.levels; ++level)
    config.high_levels += side_of(shapes, cat("stage_0_encoder_block_", level), where) == config.high_side;
  const int inner = shapes.dim("stage_0_encoder_block_0.channel_attention_block_10.channel_attention.Conv_0.weight", 0);
  config.channel_reduction = std::max(1, config.features / std::max(1, inner));
  return std::make_unique<Maxim>(config);
}

std::vector<PublishedNetwork> published_maxims() {
  MaximConfig three;
  three.stages = 3;
  return {{"MAXIM-2S", make_maxim({})}, {"MAXIM-3S", make_maxim(three)}};
}

}  // namespace

extern const NetworkType kMaxim;
const NetworkType kMaxim = {
    .name = "maxim",
    .title = "MAXIM",
    .make = [] { return std::unique_ptr<RestorationNetwork>(std::make_unique<Maxim>(MaximConfig())); },
    .matches = is_maxim,
    .detect = detect_maxim,
    .published = published_maxims,
};

const NetworkType& Maxim::type() const { return kMaxim; }

std::unique_ptr<DirectNetwork> make_maxim(const MaximConfig& config) {
  validate(config);
  return std::make_unique<Maxim>(config);
}

}  // namespace daclip
