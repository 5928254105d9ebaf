#include "nets/airnet.h"

#include "core/error.h"
#include "nets/registry.h"
#include "nets/tensor_shapes.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

constexpr int kColours = 3, kKernel = 3;
constexpr float kSlope = 0.1f;     // of all leaky ReLUs
constexpr float kNormEps = 1e-5f;  // PyTorch's default
constexpr const char* kEncoder = "E.E.encoder_q";

Tensor conv(Backend& b, const Scope& w, const Tensor& x, const Tensor& bias = {}, int stride = 1) {
  const Tensor& weight = w("weight");
  return b.conv2d(x, weight, bias, {.stride = stride, .padding = int(weight.dim(2) / 2)});
}

Tensor biased_conv(Backend& b, const Scope& w, const Tensor& x) { return conv(b, w, x, w("bias")); }

// --- The encoder ----------------------------------------------------------------------------------------------------

Tensor batch_norm(Backend& b, const Scope& w, const Tensor& x) {
  return b.batch_norm(x, w("weight"), w("bias"), w("running_mean"), w("running_var"), kNormEps);
}

Tensor residual_block(Backend& b, const Scope& w, const Tensor& x, int stride) {
  const Scope backbone = w / "backbone", shortcut = w / "shortcut";
  Tensor y = b.leaky_relu(batch_norm(b, backbone / 1, conv(b, backbone / 0, x, {}, stride)), kSlope);
  y = batch_norm(b, backbone / 4, conv(b, backbone / 3, y));
  return b.leaky_relu(b.add(y, batch_norm(b, shortcut / 1, conv(b, shortcut / 0, x, {}, stride))), kSlope);
}

// --- The restoration network ----------------------------------------------------------------------------------------

// DGM: x + a deformable convolution whose offsets see the steering + x scaled and shifted by it.
Tensor guided(Backend& b, const Scope& w, const Tensor& x, const Tensor& steering) {
  const Tensor parts[] = {x, steering};
  const Scope deform = w / "dcn";
  const Tensor plan = biased_conv(b, deform / "conv_offset_mask", b.concat(parts, 3));
  const int64_t taps = kKernel * kKernel;
  const Tensor offsets = b.slice(plan, 3, 0, 2 * taps), mask = b.sigmoid(b.slice(plan, 3, 2 * taps, 3 * taps));
  const Tensor moved = b.deform_conv2d(x, offsets, mask, deform("weight"), {});
  const auto map = [&](const char* name) {
    const Scope layers = w / "sft" / name;
    return conv(b, layers / 2, b.leaky_relu(conv(b, layers / 0, steering), kSlope));
  };
  return b.add(x, b.add(moved, b.add(b.mul(x, map("conv_gamma")), map("conv_beta"))));
}

// DGB
Tensor block(Backend& b, const Scope& w, const Tensor& input, const Tensor& steering) {
  Tensor x = b.leaky_relu(guided(b, w / "dgm1", input, steering), kSlope);
  x = b.leaky_relu(biased_conv(b, w / "conv1", x), kSlope);
  x = b.leaky_relu(guided(b, w / "dgm2", x, steering), kSlope);
  return b.add(input, biased_conv(b, w / "conv2", x));
}

// DGG
Tensor group(Backend& b, const Scope& w, const Tensor& input, const Tensor& steering, int blocks) {
  Tensor x = input;
  for (int i = 0; i < blocks; ++i) x = block(b, w / "body" / i, x, steering);
  return b.add(input, biased_conv(b, w / "body" / blocks, x));
}

}  // namespace

Tensor airnet_steering(Backend& b, const Scope& weights, const Tensor& lq) {
  return residual_block(b, weights / kEncoder / "E_pre", lq, 1);
}

Tensor airnet_embedding(Backend& b, const AirnetConfig& config, const Scope& weights, const Tensor& steering) {
  Tensor x = steering;
  for (int i = 0; i < int(config.embedding_blocks.size()); ++i)
    x = residual_block(b, weights / kEncoder / "E" / i, x, 2);
  return b.reshape(b.global_mean(x), {x.dim(0), x.dim(3)});
}

Tensor airnet(Backend& b, const AirnetConfig& config, const Scope& weights, const Tensor& lq) {
  validate(config);
  if (lq.rank() != 4 || lq.dim(3) != kColours)
    throw ShapeError(cat("airnet: image ", to_string(lq.shape()), ", expected (N, H, W, ", kColours, ")"));
  const Tensor steering = airnet_steering(b, weights, lq);
  const Scope w = weights / "R";
  const Tensor head = biased_conv(b, w / "head" / 0, lq);
  Tensor x = head;
  for (int i = 0; i < config.groups; ++i) x = group(b, w / "body" / i, x, steering, config.blocks);
  return biased_conv(b, w / "tail" / 0, b.add(head, biased_conv(b, w / "body" / config.groups, x)));
}

std::vector<WeightSpec> airnet_weights(const AirnetConfig& config) {
  validate(config);
  WeightList list;
  const int64_t width = config.features;
  const auto guided = [&](const std::string& name) {
    list.conv(name + ".dcn", width, width, kKernel, false);
    // Zero offsets and half masks at first, as in the published code.
    list.add(name + ".dcn.conv_offset_mask.weight", {3 * kKernel * kKernel, 2 * width, kKernel, kKernel},
             WeightSpec::Init::zeros);
    list.add(name + ".dcn.conv_offset_mask.bias", {3 * kKernel * kKernel}, WeightSpec::Init::zeros);
    for (const char* map : {".sft.conv_gamma", ".sft.conv_beta"})
      for (const char* layer : {".0", ".2"}) list.conv(cat(name, map, layer), width, width, 1, false);
  };
  list.conv("R.head.0", width, kColours, kKernel);
  for (int g = 0; g < config.groups; ++g) {
    const std::string group = cat("R.body.", g, ".body.");
    for (int i = 0; i < config.blocks; ++i) {
      guided(cat(group, i, ".dgm1"));
      guided(cat(group, i, ".dgm2"));
      list.conv(cat(group, i, ".conv1"), width, width, kKernel);
      list.conv(cat(group, i, ".conv2"), width, width, kKernel);
    }
    list.conv(cat(group, config.blocks), width, width, kKernel);
  }
  list.conv(cat("R.body.", config.groups), width, width, kKernel);
  list.conv("R.tail.0", kColours, width, kKernel);

  const auto norm = [&](const std::string& name, int64_t channels) {
    list.norm(name, channels);
    list.add(name + ".running_mean", {channels}, WeightSpec::Init::zeros);
    list.add(name + ".running_var", {channels}, WeightSpec::Init::ones);
  };
  const auto residual_block = [&](const std::string& part, int64_t out, int64_t in) {
    const std::string name = cat(kEncoder, ".", part);
    list.conv(name + ".backbone.0", out, in, kKernel, false);
    norm(name + ".backbone.1", out);
    list.conv(name + ".backbone.3", out, out, kKernel, false);
    norm(name + ".backbone.4", out);
    list.conv(name + ".shortcut.0", out, in, 1, false);
    norm(name + ".shortcut.1", out);
  };
  residual_block("E_pre", width, kColours);
  int64_t before = width;
  for (int i = 0; i < int(config.embedding_blocks.size()); ++i) {
    residual_block(cat("E.", i), config.embedding_blocks[size_t(i)], before);
    before = config.embedding_blocks[size_t(i)];
  }
  return list.take();
}

void visit(ConfigVisitor& v, AirnetConfig& c) {
  v.field("features", c.features, between(1, 4096));
  v.field("groups", c.groups, between(1, 256));
  v.field("blocks", c.blocks, between(1, 256));
  v.field("embedding_blocks", c.embedding_blocks, between(1, 16384));
}

void validate(const AirnetConfig& config) {
  AirnetConfig copy = config;
  RangeCheck check("restorer");
  visit(check, copy);
}

namespace {

class Airnet : public DirectNetwork {
 public:
  explicit Airnet(const AirnetConfig& config) : config_(config) {}

  const NetworkType& type() const override;
  std::unique_ptr<RestorationNetwork> clone() const override { return std::make_unique<Airnet>(config_); }

  void visit(ConfigVisitor& visitor) override { daclip::visit(visitor, config_); }
  void validate() const override { daclip::validate(config_); }
  ContextDims context_dims() const override { return {}; }
  void set_context_dims(const ContextDims& dims) override {
    if (dims.content > 0 || dims.degradation > 0) throw FormatError("AirNet takes no contexts");
  }
  std::vector<std::string> describe() const override {
    return {cat("AirNet, width ", config_.features, ", ", config_.groups, " groups of ", config_.blocks, " blocks")};
  }

  std::vector<WeightSpec> weights() const override { return airnet_weights(config_); }
  int multiple() const override { return 1; }
  // A block's input, its steering, both side by side, offsets, and the maps that are added.
  double values_per_pixel() const override { return 12.0 * config_.features; }
  bool pools_globally() const override { return false; }

  Tensor forward(Backend& backend, const Scope& weights, const Tensor& lq, const Contexts&,
                 const Pooling&) const override {
    return airnet(backend, config_, weights, lq);
  }

 private:
  AirnetConfig config_;
};

bool is_airnet(const NamedArrays& arrays) { return arrays.has("R.body.0.body.0.dgm1.dcn.weight"); }

std::unique_ptr<RestorationNetwork> detect_airnet(const NamedArrays& arrays, const std::string& where) {
  const TensorShapes shapes(arrays, where);
  AirnetConfig config;
  config.features = shapes.dim("R.head.0.weight", 0);
  config.groups = shapes.count("R.body.", ".body.0.conv1.weight");
  config.blocks = shapes.count("R.body.0.body.", ".conv1.weight");
  config.embedding_blocks.clear();
  const std::string further = cat(kEncoder, ".E.");
  for (int i = 0, count = shapes.count(further, ".shortcut.0.weight"); i < count; ++i)
    config.embedding_blocks.push_back(shapes.dim(cat(further, i, ".shortcut.0.weight"), 0));
  return std::make_unique<Airnet>(config);
}

// What only the contrastive training needs: the encoder's slow copy, its queue, and the projection of the embeddings.
bool unused_by_airnet(std::string_view name) {
  return name.starts_with("E.E.encoder_k.") || name.starts_with("E.E.queue") ||
         name.starts_with("E.E.encoder_q.mlp.") || name.ends_with(".num_batches_tracked");
}

std::vector<PublishedNetwork> published_airnets() { return {{"AirNet", make_airnet({})}}; }

}  // namespace

extern const NetworkType kAirnet;
const NetworkType kAirnet = {
    .name = "airnet",
    .title = "AirNet",
    .make = [] { return std::unique_ptr<RestorationNetwork>(std::make_unique<Airnet>(AirnetConfig())); },
    .matches = is_airnet,
    .detect = detect_airnet,
    .published = published_airnets,
    .unused = unused_by_airnet,
};

const NetworkType& Airnet::type() const { return kAirnet; }

std::unique_ptr<DirectNetwork> make_airnet(const AirnetConfig& config) {
  validate(config);
  return std::make_unique<Airnet>(config);
}

}  // namespace daclip
