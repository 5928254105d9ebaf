#include "nets/clip.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

constexpr float kNormEps = 1e-5f;

// Reads a learned table (V,C) as an activation (1,V,C), which converts it to the backend's compute type.
Tensor as_tokens(Backend& b, const Tensor& table, int64_t rows) {
  std::vector<int64_t> ids(static_cast<size_t>(rows));
  std::iota(ids.begin(), ids.end(), 0);
  return b.embedding(table, ids, 1);
}

Tensor norm(Backend& b, const Scope& w, const Tensor& x) { return b.layer_norm(x, w("weight"), w("bias"), kNormEps); }

Tensor dense(Backend& b, const Scope& w, const Tensor& x) { return b.linear(x, w("weight"), w("bias")); }

// x (N,C) times a table stored as (C,E), which is the transpose of a linear layer's weight.
Tensor project(Backend& b, const Tensor& x, const Tensor& table) {
  const Tensor rows = b.reshape(x, {1, x.dim(0), x.dim(1)});
  const Tensor product = b.matmul(rows, as_tokens(b, table, table.dim(0)));
  return b.reshape(product, {x.dim(0), table.dim(1)});
}

// Pre-norm transformer block: x (N,T,W), weights ln_1, attn, ln_2, mlp.
Tensor block(Backend& b, const Scope& w, Tensor x, int heads, bool quick_gelu, bool causal) {
  const int64_t width = x.dim(2);
  const Tensor qkv = b.linear(norm(b, w / "ln_1", x), w("attn.in_proj_weight"), w("attn.in_proj_bias"));
  const Tensor attended = b.attention(b.slice(qkv, 2, 0, width), b.slice(qkv, 2, width, 2 * width),
                                      b.slice(qkv, 2, 2 * width, 3 * width), heads, causal);
  x = b.add(x, dense(b, w / "attn" / "out_proj", attended));
  Tensor h = dense(b, w / "mlp" / "c_fc", norm(b, w / "ln_2", x));
  h = quick_gelu ? b.quick_gelu(h) : b.gelu(h);
  return b.add(x, dense(b, w / "mlp" / "c_proj", h));
}

// image (N,S,S,3) -> tokens (N,T,W) after ln_pre, class token first. `features` (N,S/patch,S/patch,W), if present, are
// added to the patch embedding.
Tensor embed_image(Backend& b, const VisionConfig& config, const Scope& w, const Tensor& image,
                   const Tensor& features = {}) {
  if (image.rank() != 4 || image.dim(1) != config.image_size || image.dim(2) != config.image_size || image.dim(3) != 3)
    throw ShapeError(cat("clip: image ", to_string(image.shape()), ", expected (N, ", config.image_size, ", ",
                         config.image_size, ", 3)"));
  const int64_t n = image.dim(0), patches = config.tokens() - 1;
  Tensor x = b.conv2d(image, w("conv1.weight"), {}, {.stride = config.patch});
  if (features.defined()) x = b.add(x, features);
  x = b.reshape(x, {n, patches, config.width});
  const Tensor class_table = b.reshape(w("class_embedding"), {1, config.width});
  const std::vector<int64_t> one_each(size_t(n), 0);
  const Tensor parts[] = {b.embedding(class_table, one_each, n), x};
  x = b.add(b.concat(parts, 1), as_tokens(b, w("positional_embedding"), config.tokens()));
  return norm(b, w / "ln_pre", x);
}

// Projects the class token: (N,T,W) -> (N,E).
Tensor pool_image(Backend& b, const Scope& w, const Tensor& x) {
  const std::vector<int64_t> first(size_t(x.dim(0)), 0);
  return project(b, norm(b, w / "ln_post", b.take_token(x, first)), w("proj"));
}

// control: one tensor per block, in order of use, or none.
Tensor encode(Backend& b, const VisionConfig& config, bool quick_gelu, const Scope& w, const Tensor& image,
              std::span<const Tensor> control) {
  Tensor x = embed_image(b, config, w, image);
  for (int i = 0; i < config.layers; ++i) {
    x = block(b, w / "transformer" / "resblocks" / i, x, config.heads, quick_gelu, false);
    if (!control.empty()) x = b.add(x, control[size_t(i)]);
  }
  return pool_image(b, w, x);
}

void check_vision(const VisionConfig& v) {
  if (v.patch < 1 || v.image_size < v.patch || v.width < 1 || v.layers < 0 || v.heads < 1 || v.width % v.heads != 0)
    throw UsageError("clip: expected a vision tower with patch <= image_size and a width divisible by heads");
}

void check_stem(const ClipConfig& config) {
  const size_t depth = config.control_stem.size();
  if (depth > 8 || config.vision.patch % (1 << depth) != 0 ||
      (depth > 0 && config.vision.image_size % config.vision.patch != 0))
    throw UsageError(
        "clip: expected an image size divisible by patch and a patch divisible by 2^(layers of control_stem)");
}

// The stem's features of each patch: (N,S,S,3) -> (N,S/patch,S/patch,W); absent without a stem.
Tensor stem_features(Backend& b, const ClipConfig& config, const Scope& w, Tensor x) {
  const size_t depth = config.control_stem.size();
  if (depth == 0) return {};
  for (size_t i = 0; i < depth; ++i)
    x = b.gelu(b.conv2d(x, w(cat(i, ".weight")), w(cat(i, ".bias")), {.stride = 2, .padding = 1}));
  return b.conv2d(x, w("proj.weight"), {}, {.stride = config.vision.patch >> depth});
}

// Runs the controller and returns e_d. Appends h_i = zero_i(block i) to `hidden` unless it is null.
Tensor control(Backend& b, const ClipConfig& config, const Scope& w, const Tensor& image, std::vector<Tensor>* hidden) {
  check_vision(config.vision);
  check_stem(config);
  Tensor x = embed_image(b, config.vision, w, image, stem_features(b, config, w / "stem", image));
  for (int i = 0; i < config.vision.layers; ++i) {
    x = block(b, w / "transformer" / "transformer" / "resblocks" / i, x, config.vision.heads, config.quick_gelu, false);
    if (hidden) hidden->push_back(dense(b, w / "transformer" / "zero_modules" / i, x));
  }
  return pool_image(b, w, x);
}

void list_blocks(WeightList& list, const std::string& name, int64_t width, int layers) {
  const double attention = 1 / std::sqrt(double(width));
  const double into_residual = attention / std::sqrt(2.0 * std::max(layers, 1));
  for (int i = 0; i < layers; ++i) {
    const std::string block_name = cat(name, ".", i);
    list.norm(block_name + ".ln_1", width);
    list.add(block_name + ".attn.in_proj_weight", {3 * width, width}, WeightSpec::Init::normal, attention);
    list.add(block_name + ".attn.in_proj_bias", {3 * width}, WeightSpec::Init::zeros);
    list.normal_linear(block_name + ".attn.out_proj", width, width, into_residual);
    list.norm(block_name + ".ln_2", width);
    list.normal_linear(block_name + ".mlp.c_fc", 4 * width, width, attention / std::sqrt(2.0));
    list.normal_linear(block_name + ".mlp.c_proj", width, 4 * width, into_residual);
  }
}

// He initialisation, which preserves the features' variance through the layers.
void list_text(WeightList& list, const std::string& prefix, const ClipConfig& config) {
  const TextConfig& t = config.text;
  if (t.context < 1 || t.vocab < 1 || t.heads < 1 || t.width % t.heads != 0)
    throw UsageError("clip: expected a text tower with a context, a vocabulary and a width divisible by heads");
  list.add(prefix + "token_embedding.weight", {t.vocab, t.width}, WeightSpec::Init::normal, 0.02);
  list.add(prefix + "positional_embedding", {t.context, t.width}, WeightSpec::Init::normal, 0.01);
  list_blocks(list, prefix + "transformer.resblocks", t.width, t.layers);
  list.norm(prefix + "ln_final", t.width);
  list.add(prefix + "text_projection", {t.width, config.embedding}, WeightSpec::Init::normal,
           1 / std::sqrt(double(t.width)));
}

void list_stem(WeightList& list, const std::string& name, const ClipConfig& config) {
  int64_t channels = 3;
  for (size_t i = 0; i < config.control_stem.size(); ++i) {
    const int64_t out = config.control_stem[i];
    list.add(cat(name, ".", i, ".weight"), {out, channels, 3, 3}, WeightSpec::Init::normal,
             std::sqrt(2 / (9.0 * double(channels))));
    list.add(cat(name, ".", i, ".bias"), {out}, WeightSpec::Init::zeros);
    channels = out;
  }
  const int64_t kernel = config.vision.patch >> config.control_stem.size();
  list.add(name + ".proj.weight", {config.vision.width, channels, kernel, kernel}, WeightSpec::Init::zeros);
}

void list_vision(WeightList& list, const std::string& name, const std::string& blocks, const ClipConfig& config) {
  const VisionConfig& v = config.vision;
  const double deviation = 1 / std::sqrt(double(v.width));
  list.add(name + "class_embedding", {v.width}, WeightSpec::Init::normal, deviation);
  list.add(name + "positional_embedding", {v.tokens(), v.width}, WeightSpec::Init::normal, deviation);
  list.add(name + "proj", {v.width, config.embedding}, WeightSpec::Init::normal, deviation);
  list.conv(name + "conv1", v.width, 3, v.patch, false);
  list.norm(name + "ln_pre", v.width);
  list_blocks(list, name + blocks, v.width, v.layers);
  list.norm(name + "ln_post", v.width);
}

}  // namespace

Tensor encode_image(Backend& backend, const VisionConfig& config, bool quick_gelu, const Scope& weights,
                    const Tensor& image) {
  check_vision(config);
  return encode(backend, config, quick_gelu, weights, image, {});
}

Tensor encode_degradation(Backend& backend, const ClipConfig& config, const Scope& weights, const Tensor& image) {
  return control(backend, config, weights / "visual_control", image, nullptr);
}

ImageFeatures encode_image_controlled(Backend& backend, const ClipConfig& config, const Scope& weights,
                                      const Tensor& image) {
  ImageFeatures features;
  features.degradation = control(backend, config, weights / "visual_control", image, &features.hidden);
  std::vector<Tensor> controls = features.hidden;
  if (config.control_order == ControlOrder::reversed) std::reverse(controls.begin(), controls.end());
  features.content = encode(backend, config.vision, config.quick_gelu, weights / "clip" / "visual", image, controls);
  return features;
}

Tensor encode_text(Backend& backend, const ClipConfig& config, const Scope& weights, std::span<const int64_t> ids) {
  const TextConfig& text = config.text;
  if (text.context < 1 || ids.empty() || ids.size() % size_t(text.context) != 0)
    throw ShapeError(
        cat("clip: ", ids.size(), " token ids, expected a positive multiple of the context length ", text.context));
  const int64_t rows = int64_t(ids.size()) / text.context;
  Tensor x = backend.embedding(weights("token_embedding.weight"), ids, rows);
  x = backend.add(x, as_tokens(backend, weights("positional_embedding"), text.context));
  for (int i = 0; i < text.layers; ++i)
    x = block(backend, weights / "transformer" / "resblocks" / i, x, text.heads, config.quick_gelu, true);
  std::vector<int64_t> end(static_cast<size_t>(rows));
  for (int64_t row = 0; row < rows; ++row) {
    const auto begin = ids.begin() + row * text.context;
    end[size_t(row)] = std::max_element(begin, begin + text.context) - begin;
  }
  return project(backend, backend.take_token(norm(backend, weights / "ln_final", x), end), weights("text_projection"));
}

std::vector<WeightSpec> text_weights(const ClipConfig& config) {
  WeightList list;
  list_text(list, "", config);
  return list.take();
}

std::vector<WeightSpec> daclip_weights(const ClipConfig& config, bool controller, bool text) {
  check_vision(config.vision);
  WeightList list;
  list_vision(list, "clip.visual.", "transformer.resblocks", config);
  if (controller) {
    check_stem(config);
    list_vision(list, "visual_control.", "transformer.transformer.resblocks", config);
    if (!config.control_stem.empty()) list_stem(list, "visual_control.stem", config);
    for (int i = 0; i < config.vision.layers; ++i)
      list.zero_linear(cat("visual_control.transformer.zero_modules.", i), config.vision.width, config.vision.width);
  }
  if (text) {
    list_text(list, "clip.", config);
    list.add("clip.logit_scale", {1}, WeightSpec::Init::constant, std::log(1 / 0.07));
    list.add("logit_scale", {1}, WeightSpec::Init::constant, std::log(1 / 0.07));
  }
  return list.take();
}

void visit(ConfigVisitor& v, VisionConfig& c) {
  v.field("image_size", c.image_size, between(8, 4096));
  v.field("patch", c.patch, between(1, 4096));
  v.field("width", c.width, between(1, 16384));
  v.field("layers", c.layers, between(1, 256));
  v.field("heads", c.heads, between(1, 16384));
}

void visit(ConfigVisitor& v, TextConfig& c) {
  v.field("context", c.context, between(2, 4096));
  v.field("vocab", c.vocab, between(2, 10'000'000));
  v.field("width", c.width, between(1, 16384));
  v.field("layers", c.layers, between(1, 256));
  v.field("heads", c.heads, between(1, 16384));
}

void visit(ConfigVisitor& v, ClipConfig& c) {
  static constexpr std::pair<ControlOrder, std::string_view> kOrders[] = {{ControlOrder::reversed, "reversed"},
                                                                          {ControlOrder::forward, "forward"}};
  v.section("vision", [&] { visit(v, c.vision); });
  v.section("text", [&] { visit(v, c.text); });
  v.field("embedding", c.embedding, between(1, 16384));
  v.field("quick_gelu", c.quick_gelu);
  v.field("control_stem", c.control_stem, between(1, 4096), Presence::optional);
  enum_field(v, "control_order", c.control_order, kOrders);
}

void validate(const ClipConfig& config) {
  ClipConfig copy = config;
  RangeCheck check("clip");
  visit(check, copy);
  const auto require = [](bool condition, const std::string& what) {
    if (!condition) throw FormatError(what);
  };
  const VisionConfig& vision = config.vision;
  require(vision.patch <= vision.image_size,
          cat("vision.patch: ", vision.patch, ": expected at most vision.image_size ", vision.image_size));
  require(vision.width % vision.heads == 0,
          cat("vision.heads: ", vision.heads, ": expected a divisor of vision.width ", vision.width));
  require(config.text.width % config.text.heads == 0,
          cat("text.heads: ", config.text.heads, ": expected a divisor of text.width ", config.text.width));
  const size_t depth = config.control_stem.size();
  require(depth == 0 || (depth <= 8 && vision.patch % (1 << depth) == 0 && vision.image_size % vision.patch == 0),
          cat("clip.control_stem has ", depth, " layers: expected at most 8, with vision.image_size divisible by ",
              "vision.patch and vision.patch divisible by 2^layers"));
}

}  // namespace daclip
