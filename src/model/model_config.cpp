#include "model/model_config.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace daclip {
namespace {

using Json = nlohmann::ordered_json;

// One function per struct serves both directions, so that a field cannot be written and not read.
class Writer {
 public:
  template <class T>
  void field(const char* name, const T& value) {
    json[name] = value;
  }
  template <class T>
  void newer_field(const char* name, const T& value) {
    field(name, value);
  }
  Json json;
};

class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  // As field(), but what is not there keeps its default: entries that older files do not have.
  template <class T>
  void newer_field(const char* name, T& value) const {
    if (json_.contains(name)) field(name, value);
  }

  template <class T>
  void field(const char* name, T& value) const {
    const auto it = json_.find(name);
    if (it == json_.end()) throw FormatError(cat("model configuration: ", where_, ".", name, " is missing"));
    try {
      value = it->template get<T>();
    } catch (const nlohmann::json::exception&) {
      throw FormatError(cat("model configuration: ", where_, ".", name, " has the wrong type: ", it->dump()));
    }
  }

 private:
  const Json& json_;
  std::string where_;
};

template <class Visitor, class Config>
void visit_vision(Visitor& v, Config& c) {
  v.field("image_size", c.image_size);
  v.field("patch", c.patch);
  v.field("width", c.width);
  v.field("layers", c.layers);
  v.field("heads", c.heads);
}

template <class Visitor, class Config>
void visit_text(Visitor& v, Config& c) {
  v.field("context", c.context);
  v.field("vocab", c.vocab);
  v.field("width", c.width);
  v.field("layers", c.layers);
  v.field("heads", c.heads);
}

template <class Visitor, class Config>
void visit_nafnet(Visitor& v, Config& c) {
  v.field("channels", c.channels);
  v.field("width", c.width);
  v.field("encoder_blocks", c.encoder_blocks);
  v.field("middle_blocks", c.middle_blocks);
  v.field("decoder_blocks", c.decoder_blocks);
  v.field("unshuffle", c.unshuffle);
  v.field("degradation_dim", c.degradation_dim);
  v.field("prompt_dim", c.prompt_dim);
  v.field("content_dim", c.content_dim);
  v.field("attention_heads", c.attention_heads);
  v.field("attention_head_dim", c.attention_head_dim);
}

template <class Visitor, class Config>
void visit_unet(Visitor& v, Config& c) {
  v.field("channels", c.channels);
  v.field("width", c.width);
  v.field("multipliers", c.multipliers);
  v.field("degradation_dim", c.degradation_dim);
  v.field("content_dim", c.content_dim);
  v.field("first_transformer", c.first_transformer);
  v.field("half_scale", c.half_scale);
  v.field("heads", c.heads);
  v.field("head_dim", c.head_dim);
}

// Without the kind.
template <class Visitor, class Config>
void visit_preprocess(Visitor& v, Config& c) {
  v.field("size", c.size);
  v.field("global", c.global);
  v.field("tile", c.tile);
  v.newer_field("texture", c.texture);
}

// Without the schedule.
template <class Visitor, class Config>
void visit_sde(Visitor& v, Config& c) {
  v.field("max_sigma", c.max_sigma);
  v.field("steps", c.steps);
  v.field("eps", c.eps);
}

constexpr std::pair<ThetaSchedule, const char*> kSchedules[] = {
    {ThetaSchedule::cosine, "cosine"}, {ThetaSchedule::linear, "linear"}, {ThetaSchedule::constant, "constant"}};

void require(bool condition, const char* what) {
  if (!condition) throw FormatError(cat("model configuration: ", what));
}

bool within(int value, int low, int high) { return value >= low && value <= high; }

// Bounds that keep every later size computation far from overflow.
void check_vision(const VisionConfig& c) {
  require(within(c.image_size, 8, 4096) && within(c.patch, 1, c.image_size),
          "clip.vision: image_size or patch out of range");
  require(within(c.width, 1, 16384) && within(c.layers, 1, 256), "clip.vision: width or layers out of range");
  require(within(c.heads, 1, c.width) && c.width % c.heads == 0, "clip.vision: width must be a multiple of heads");
}

void check_stem(const ClipConfig& c) {
  const size_t depth = c.control_stem.size();
  require(
      depth <= 8 && (depth == 0 || (c.vision.patch % (1 << depth) == 0 && c.vision.image_size % c.vision.patch == 0)),
      "clip.control_stem: must halve the image down to whole patches");
  for (int channels : c.control_stem) require(within(channels, 1, 4096), "clip.control_stem: channels out of range");
}

void check_text(const TextConfig& c) {
  require(within(c.context, 2, 4096) && within(c.vocab, 2, 10'000'000), "clip.text: context or vocab out of range");
  require(within(c.width, 1, 16384) && within(c.layers, 1, 256), "clip.text: width or layers out of range");
  require(within(c.heads, 1, c.width) && c.width % c.heads == 0, "clip.text: width must be a multiple of heads");
}

void check_nafnet(const NafnetConfig& c) {
  require(within(c.channels, 1, 64) && within(c.width, 1, 4096), "restorer: channels or width out of range");
  require(within(c.unshuffle, 1, 16), "restorer: unshuffle out of range");
  require(within(int(c.encoder_blocks.size()), 0, 8), "restorer: encoder_blocks has too many levels");
  require(c.encoder_blocks.size() == c.decoder_blocks.size(),
          "restorer: encoder_blocks and decoder_blocks differ in length");
  for (int n : c.encoder_blocks) require(within(n, 0, 1024), "restorer: encoder_blocks out of range");
  for (int n : c.decoder_blocks) require(within(n, 0, 1024), "restorer: decoder_blocks out of range");
  require(within(c.middle_blocks, 0, 1024), "restorer: middle_blocks out of range");
  require(within(c.degradation_dim, 0, 16384) && within(c.content_dim, 0, 16384),
          "restorer: context length out of range");
  require(within(c.prompt_dim, 1, 16384), "restorer: prompt_dim out of range");
  require(within(c.attention_heads, 1, 1024) && within(c.attention_head_dim, 1, 4096),
          "restorer: attention heads out of range");
}

void check_unet(const UnetConfig& c) {
  require(within(c.channels, 1, 64) && within(c.width, 4, 4096) && c.width % 2 == 0,
          "restorer: channels or width out of range");
  require(within(int(c.multipliers.size()), 1, 8), "restorer: multipliers has no or too many levels");
  for (int n : c.multipliers) require(within(n, 1, 64), "restorer: multipliers out of range");
  require(within(c.degradation_dim, 0, 16384) && within(c.content_dim, 0, 16384),
          "restorer: context length out of range");
  require(within(c.first_transformer, 0, 64), "restorer: first_transformer out of range");
  require(within(c.heads, 1, 1024) && within(c.head_dim, 1, 4096), "restorer: attention heads out of range");
}

void check_sde(const SdeConfig& c) {
  require(c.max_sigma > 0 && c.max_sigma <= 255, "sde: max_sigma must be above 0 and at most 255");
  require(within(c.steps, 1, 100'000), "sde: steps out of range");
  require(c.eps > 0 && c.eps < 1, "sde: eps must lie between 0 and 1");
}

void check_preprocess(const PreprocessConfig& c) {
  require(within(c.size, 8, 4096), "preprocess: size out of range");
  if (c.kind == PreprocessConfig::Kind::mosaic)
    require(
        c.tile > 0 && c.tile % 16 == 0 && c.global > 0 && c.global < c.size && c.size % c.tile == 0 &&
            c.global % c.tile == 0,
        "preprocess: tile must be a multiple of 16, size and global multiples of tile, and global smaller than size");
  if (c.kind == PreprocessConfig::Kind::mosaic)
    require(c.texture >= 0 && c.texture % c.tile == 0 && c.texture <= c.size - c.global,
            "preprocess: texture must be a multiple of tile and fit beside global");
}

template <class Config, class Visit>
Json written(const Config& config, Visit visit) {
  Writer writer;
  visit(writer, config);
  return writer.json;
}

Json object_at(const Json& json, const char* name) {
  const auto it = json.find(name);
  if (it == json.end() || !it->is_object()) throw FormatError(cat("model configuration: ", name, " is missing"));
  return *it;
}

Json clip_json(const ModelConfig& config) {
  const ClipConfig& c = *config.clip;
  Json clip;
  clip["vision"] = written(c.vision, [](auto& v, auto& part) { visit_vision(v, part); });
  clip["text"] = written(c.text, [](auto& v, auto& part) { visit_text(v, part); });
  clip["embedding"] = c.embedding;
  clip["quick_gelu"] = c.quick_gelu;
  clip["control_stem"] = c.control_stem;
  clip["control_order"] = c.control_order == ControlOrder::reversed ? "reversed" : "forward";
  clip["controller"] = config.controller;
  clip["text_tower"] = config.text_tower;
  clip["merges"] = config.merges;
  return clip;
}

Json preprocess_json(const PreprocessConfig& config) {
  Json preprocess = written(config, [](auto& v, auto& c) { visit_preprocess(v, c); });
  preprocess["kind"] = config.kind == PreprocessConfig::Kind::clip ? "clip" : "mosaic";
  return preprocess;
}

Json sde_json(const SdeConfig& config) {
  Json sde = written(config, [](auto& v, auto& c) { visit_sde(v, c); });
  sde["schedule"] = schedule_name(config.schedule);
  return sde;
}

void read_clip(const Json& json, ModelConfig& config) {
  const Json clip = object_at(json, "clip"), vision = object_at(clip, "vision"), text_tower = object_at(clip, "text");
  const Reader clip_reader(clip, "clip"), vision_reader(vision, "clip.vision"), text_reader(text_tower, "clip.text");
  config.clip.emplace();
  std::string order;
  clip_reader.field("embedding", config.clip->embedding);
  clip_reader.field("quick_gelu", config.clip->quick_gelu);
  clip_reader.field("control_order", order);
  clip_reader.newer_field("control_stem", config.clip->control_stem);
  clip_reader.newer_field("controller", config.controller);
  clip_reader.newer_field("text_tower", config.text_tower);
  clip_reader.newer_field("merges", config.merges);
  require(order == "reversed" || order == "forward", "clip.control_order: expected reversed or forward");
  config.clip->control_order = order == "reversed" ? ControlOrder::reversed : ControlOrder::forward;
  visit_vision(vision_reader, config.clip->vision);
  visit_text(text_reader, config.clip->text);

  const Json preprocess = object_at(json, "preprocess");
  const Reader preprocess_reader(preprocess, "preprocess");
  std::string kind;
  preprocess_reader.field("kind", kind);
  require(kind == "clip" || kind == "mosaic", "preprocess.kind: expected clip or mosaic");
  config.preprocess.kind = kind == "clip" ? PreprocessConfig::Kind::clip : PreprocessConfig::Kind::mosaic;
  visit_preprocess(preprocess_reader, config.preprocess);
}

void read_restorer(const Json& json, ModelConfig& config) {
  const Json restorer = object_at(json, "restorer");
  const Reader restorer_reader(restorer, "restorer");
  std::string network;
  restorer_reader.field("network", network);
  require(network == "nafnet" || network == "unet", "restorer.network: expected nafnet or unet");
  if (network == "nafnet") {
    visit_nafnet(restorer_reader, config.restorer.emplace());
    return;
  }
  visit_unet(restorer_reader, config.unet.emplace());
  const Json sde = object_at(json, "sde");
  const Reader sde_reader(sde, "sde");
  std::string schedule;
  sde_reader.field("schedule", schedule);
  visit_sde(sde_reader, config.sde);
  config.sde.schedule = schedule_from_name(schedule);
}

}  // namespace

const char* schedule_name(ThetaSchedule schedule) {
  for (const auto& [value, name] : kSchedules)
    if (value == schedule) return name;
  return "unknown";
}

ThetaSchedule schedule_from_name(const std::string& name) {
  for (const auto& [value, known] : kSchedules)
    if (name == known) return value;
  throw FormatError(cat("model configuration: sde.schedule: ", name, " is not cosine, linear or constant"));
}

void check_bounds(const ModelConfig& c) {
  if (c.clip) {
    check_vision(c.clip->vision);
    check_text(c.clip->text);
    require(within(c.clip->embedding, 1, 16384), "clip.embedding out of range");
    check_stem(*c.clip);
    check_preprocess(c.preprocess);
    require(c.preprocess.size == c.clip->vision.image_size, "preprocess.size differs from clip.vision.image_size");
    require(within(c.merges, 0, 1'000'000), "clip.merges out of range");
  }
  require(c.label_bias.empty() || c.label_bias.size() == c.labels.size(), "label_bias: expected one for each label");
  for (float bias : c.label_bias) require(std::abs(bias) <= 30, "label_bias out of range");
  if (c.restorer) check_nafnet(*c.restorer);
  if (c.unet) {
    check_unet(*c.unet);
    check_sde(c.sde);
  }
}

std::string to_json(const ModelConfig& config) {
  Json json;
  json["format"] = "daclip-model-1";
  json["name"] = config.name;
  if (config.clip) {
    json["clip"] = clip_json(config);
    json["preprocess"] = preprocess_json(config.preprocess);
  }
  json["labels"] = config.labels;
  json["logit_scale"] = config.logit_scale;
  json["label_bias"] = config.label_bias;
  json["label_steering"] = config.label_steering;
  if (config.restorer) {
    json["restorer"] = written(*config.restorer, [](auto& v, auto& c) { visit_nafnet(v, c); });
    json["restorer"]["network"] = "nafnet";
  } else if (config.unet) {
    json["restorer"] = written(*config.unet, [](auto& v, auto& c) { visit_unet(v, c); });
    json["restorer"]["network"] = "unet";
    json["sde"] = sde_json(config.sde);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ModelConfig model_config_from_json(const std::string& text) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const nlohmann::json::exception&) {
    throw FormatError("model configuration: not JSON");
  }
  if (!json.is_object() || !json.contains("format") || json["format"] != "daclip-model-1")
    throw FormatError("model configuration: expected format daclip-model-1");

  ModelConfig config;
  const Reader top(json, "model");
  top.field("name", config.name);
  top.field("labels", config.labels);
  top.field("logit_scale", config.logit_scale);
  top.newer_field("label_bias", config.label_bias);
  top.newer_field("label_steering", config.label_steering);
  if (json.contains("clip")) read_clip(json, config);
  if (json.contains("restorer")) read_restorer(json, config);
  check_bounds(config);
  return config;
}

}  // namespace daclip
