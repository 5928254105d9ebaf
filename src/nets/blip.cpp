#include "nets/blip.h"

#include <numeric>

#include "core/error.h"
#include "nets/tensor_shapes.h"
#include "nets/weight_list.h"

namespace daclip {
namespace {

constexpr float kVisionNormEps = 1e-6f, kTextNormEps = 1e-12f;
constexpr int kHeadWidth = 64;  // of the published models

Tensor dense(Backend& b, const Scope& w, const Tensor& x) { return b.linear(x, w("weight"), w("bias")); }

Tensor norm(Backend& b, const Scope& w, const Tensor& x, float eps) {
  return b.layer_norm(x, w("weight"), w("bias"), eps);
}

// The first rows of a learned table (V,C) as an activation (1,rows,C).
Tensor rows_of(Backend& b, const Tensor& table, int64_t rows) {
  std::vector<int64_t> ids(static_cast<size_t>(rows));
  std::iota(ids.begin(), ids.end(), 0);
  return b.embedding(table, ids, 1);
}

// Pre-norm block of the vision transformer.
Tensor vision_block(Backend& b, const Scope& w, Tensor x, int heads) {
  const int64_t width = x.dim(2);
  const Tensor qkv = dense(b, w / "attn" / "qkv", norm(b, w / "norm1", x, kVisionNormEps));
  const Tensor attended = b.attention(b.slice(qkv, 2, 0, width), b.slice(qkv, 2, width, 2 * width),
                                      b.slice(qkv, 2, 2 * width, 3 * width), heads);
  x = b.add(x, dense(b, w / "attn" / "proj", attended));
  const Tensor h = b.gelu(dense(b, w / "mlp" / "fc1", norm(b, w / "norm2", x, kVisionNormEps)));
  return b.add(x, dense(b, w / "mlp" / "fc2", h));
}

// What BERT does after each of its parts: a dense layer, the residual, the norm.
Tensor output(Backend& b, const Scope& w, const Tensor& x, const Tensor& residual) {
  return norm(b, w / "LayerNorm", b.add(dense(b, w / "dense", x), residual), kTextNormEps);
}

// Each picture `times` in a row: (N,T,C) -> (N*times,T,C).
Tensor repeated(Backend& b, const Tensor& x, int64_t times) {
  if (times == 1) return x;
  std::vector<Tensor> parts;
  for (int64_t n = 0; n < x.dim(0); ++n) parts.insert(parts.end(), size_t(times), b.slice(x, 0, n, n + 1));
  return b.concat(parts, 0);
}

}  // namespace

Tensor blip_encode_image(Backend& b, const BlipConfig& config, const Scope& weights, const Tensor& image) {
  const int64_t n = image.dim(0), side = config.image_size;
  if (image.shape() != Shape{n, side, side, 3})
    throw ShapeError(cat("blip: image ", to_string(image.shape()), ", expected ", to_string({n, side, side, 3})));
  const Scope w = weights / "visual_encoder";
  const Scope patches = w / "patch_embed" / "proj";
  const Tensor map = b.conv2d(image, patches("weight"), patches("bias"), {.stride = config.patch});
  const std::vector<int64_t> first(size_t(n), 0);
  const Tensor class_token = b.embedding(b.reshape(w("cls_token"), {1, config.vision_width}), first, n);
  const Tensor parts[] = {class_token, b.reshape(map, {n, config.tokens() - 1, config.vision_width})};
  const Tensor positions = b.reshape(w("pos_embed"), {config.tokens(), config.vision_width});
  Tensor x = b.add(b.concat(parts, 1), rows_of(b, positions, config.tokens()));
  for (int i = 0; i < config.vision_layers; ++i) x = vision_block(b, w / "blocks" / i, x, config.vision_heads);
  return norm(b, w / "norm", x, kVisionNormEps);
}

BlipDecoder::BlipDecoder(Backend& backend, const BlipConfig& config, const Scope& weights, const Tensor& image)
    : b_(backend), config_(config), w_(weights) {
  for (int i = 0; i < config.layers; ++i) {
    const Scope cross = w_ / "text_decoder.bert.encoder.layer" / i / "crossattention" / "self";
    seen_.push_back({dense(b_, cross / "key", image), dense(b_, cross / "value", image)});
  }
}

Tensor BlipDecoder::hidden(std::span<const int64_t> ids, int64_t rows) const {
  const int64_t pictures = seen_.empty() ? rows : seen_[0].keys.dim(0);
  if (rows < 1 || ids.size() % size_t(rows) != 0 || rows % pictures != 0)
    throw ShapeError(cat("blip: ", ids.size(), " ids in ", rows, " rows for ", pictures, " pictures"));
  const int64_t tokens = int64_t(ids.size()) / rows;
  if (tokens < 1 || tokens > config_.positions)
    throw LimitError(cat("blip: a text of ", tokens, " tokens, expected 1 to ", config_.positions));
  const Scope bert = w_ / "text_decoder" / "bert", embeddings = bert / "embeddings";
  Tensor x = b_.add(b_.embedding(embeddings("word_embeddings.weight"), ids, rows),
                    rows_of(b_, embeddings("position_embeddings.weight"), tokens));
  x = norm(b_, embeddings / "LayerNorm", x, kTextNormEps);
  for (int i = 0; i < config_.layers; ++i) {
    const Scope layer = bert / "encoder" / "layer" / i, self = layer / "attention" / "self";
    const Scope cross = layer / "crossattention";
    const Tensor read = b_.attention(dense(b_, self / "query", x), dense(b_, self / "key", x),
                                     dense(b_, self / "value", x), config_.heads, true);
    x = output(b_, layer / "attention" / "output", read, x);
    const KeysValues& picture = seen_[size_t(i)];
    const Tensor looked =
        b_.attention(dense(b_, cross / "self" / "query", x), repeated(b_, picture.keys, rows / pictures),
                     repeated(b_, picture.values, rows / pictures), config_.heads);
    x = output(b_, cross / "output", looked, x);
    x = output(b_, layer / "output", b_.gelu(dense(b_, layer / "intermediate" / "dense", x)), x);
  }
  return x;
}

Tensor BlipDecoder::predict(const Tensor& x) const {
  const Scope w = w_ / "text_decoder" / "cls" / "predictions", transform = w / "transform";
  const Tensor h = norm(b_, transform / "LayerNorm", b_.gelu(dense(b_, transform / "dense", x)), kTextNormEps);
  return b_.linear(h, w("decoder.weight"), w("bias"));
}

Tensor BlipDecoder::logits(std::span<const int64_t> ids, int64_t rows) const { return predict(hidden(ids, rows)); }

Tensor BlipDecoder::next_logits(std::span<const int64_t> ids, int64_t rows) const {
  const Tensor x = hidden(ids, rows);
  const std::vector<int64_t> last(size_t(rows), x.dim(1) - 1);
  return predict(b_.take_token(x, last));
}

std::vector<WeightSpec> blip_weights(const BlipConfig& c) {
  WeightList list;
  const std::string vision = "visual_encoder.";
  const int64_t width = c.vision_width;
  list.add(vision + "cls_token", {1, 1, width}, WeightSpec::Init::normal, 0.02);
  list.add(vision + "pos_embed", {1, c.tokens(), width}, WeightSpec::Init::normal, 0.02);
  list.conv(vision + "patch_embed.proj", width, 3, c.patch);
  for (int i = 0; i < c.vision_layers; ++i) {
    const std::string block = cat(vision, "blocks.", i, ".");
    list.norm(block + "norm1", width);
    list.linear(block + "attn.qkv", 3 * width, width);
    list.linear(block + "attn.proj", width, width);
    list.norm(block + "norm2", width);
    list.linear(block + "mlp.fc1", 4 * width, width);
    list.linear(block + "mlp.fc2", width, 4 * width);
  }
  list.norm(vision + "norm", width);

  const std::string bert = "text_decoder.bert.", predictions = "text_decoder.cls.predictions.";
  list.add(bert + "embeddings.word_embeddings.weight", {c.vocab, c.width}, WeightSpec::Init::normal, 0.02);
  list.add(bert + "embeddings.position_embeddings.weight", {c.positions, c.width}, WeightSpec::Init::normal, 0.02);
  list.norm(bert + "embeddings.LayerNorm", c.width);
  for (int i = 0; i < c.layers; ++i) {
    const std::string layer = cat(bert, "encoder.layer.", i, ".");
    const auto attention = [&](const std::string& name, int64_t source) {
      list.linear(name + ".self.query", c.width, c.width);
      list.linear(name + ".self.key", c.width, source);
      list.linear(name + ".self.value", c.width, source);
      list.linear(name + ".output.dense", c.width, c.width);
      list.norm(name + ".output.LayerNorm", c.width);
    };
    attention(layer + "attention", c.width);
    attention(layer + "crossattention", width);
    list.linear(layer + "intermediate.dense", c.hidden, c.width);
    list.linear(layer + "output.dense", c.width, c.hidden);
    list.norm(layer + "output.LayerNorm", c.width);
  }
  list.linear(predictions + "transform.dense", c.width, c.width);
  list.norm(predictions + "transform.LayerNorm", c.width);
  list.add(predictions + "decoder.weight", {c.vocab, c.width}, WeightSpec::Init::normal, 0.02);
  list.add(predictions + "bias", {c.vocab}, WeightSpec::Init::zeros);
  return list.take();
}

// The positions' numbers, and the bias of the predictions once more.
bool unused_by_blip(std::string_view name) {
  return name.ends_with(".position_ids") || name == "text_decoder.cls.predictions.decoder.bias";
}

BlipConfig detect_blip(const NamedArrays& arrays, const std::string& where, int vision_heads, int heads) {
  if (!arrays.has("visual_encoder.pos_embed") || !arrays.has("text_decoder.cls.predictions.bias"))
    throw WeightsError(cat(where, ": no captioner of BLIP, which has visual_encoder and text_decoder"));
  const TensorShapes shapes(arrays, where);
  BlipConfig c;
  c.vision_width = shapes.dim("visual_encoder.pos_embed", 2);
  c.patch = shapes.dim("visual_encoder.patch_embed.proj.weight", 2);
  const int patches = shapes.dim("visual_encoder.pos_embed", 1) - 1;
  int side = 1;
  while (side * side < patches && side < 4096) ++side;
  if (side * side != patches) throw WeightsError(cat(where, ": ", patches, " patches, expected a square number"));
  c.image_size = side * c.patch;
  c.vision_layers = shapes.count("visual_encoder.blocks.", ".norm1.weight");
  c.vocab = shapes.dim("text_decoder.bert.embeddings.word_embeddings.weight", 0);
  c.positions = shapes.dim("text_decoder.bert.embeddings.position_embeddings.weight", 0);
  c.width = shapes.dim("text_decoder.bert.embeddings.word_embeddings.weight", 1);
  c.layers = shapes.count("text_decoder.bert.encoder.layer.", ".output.dense.weight");
  c.hidden = shapes.dim("text_decoder.bert.encoder.layer.0.intermediate.dense.weight", 0);
  const auto heads_of = [&](int width, int given) {
    const int count = given > 0 ? given : std::max(1, width / kHeadWidth);
    if (width % count != 0) throw WeightsError(cat(where, ": ", count, " heads do not divide ", width, " channels"));
    return count;
  };
  c.vision_heads = heads_of(c.vision_width, vision_heads);
  c.heads = heads_of(c.width, heads);
  return c;
}

}  // namespace daclip
