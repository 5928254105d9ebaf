#include "model/model_config.h"

#include <cmath>

#include "core/error.h"
#include "core/labels.h"
#include "model/json_visitors.h"
#include "nets/registry.h"
#include "text/word_tokenizer.h"

namespace daclip {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "daclip-model-1";
constexpr Range kMerges = between(0, 1'000'000);
constexpr Range kLabelBias = between(-30, 30);

void require(bool condition, const std::string& what) {
  if (!condition) throw FormatError(what);
}

void check_range(const char* name, double value, const Range& range) {
  require(range.contains(value), cat(name, ": ", value, ": expected ", range_text(range)));
}

void write_clip(const ModelConfig& config, Json& json) {
  ClipConfig clip = *config.clip;
  JsonWriter writer(json, "clip", Sections::nested);
  visit(writer, clip);
  json["clip"]["controller"] = config.controller;
  json["clip"]["text_tower"] = config.text_tower;
  json["clip"]["merges"] = config.merges;
  PreprocessConfig preprocess = config.preprocess;
  JsonWriter preprocess_writer(json, "preprocess", Sections::nested);
  visit(preprocess_writer, preprocess);
}

void write_restorer(const RestorationNetwork& network, Json& json) {
  json["restorer"]["network"] = network.type().name;
  JsonWriter writer(json, "restorer", Sections::beside);
  network.clone()->visit(writer);
}

void read_clip(const Json& json, ModelConfig& config) {
  JsonReader clip(json, "clip", Sections::nested);
  visit(clip, config.clip.emplace());
  clip.read("controller", config.controller, Presence::optional);
  clip.read("text_tower", config.text_tower, Presence::optional);
  clip.read("merges", config.merges, Presence::optional);
  JsonReader preprocess(json, "preprocess", Sections::nested);
  visit(preprocess, config.preprocess);
}

void read_restorer(const Json& json, ModelConfig& config) {
  JsonReader reader(json, "restorer", Sections::beside);
  std::string name;
  reader.read("network", name);
  std::unique_ptr<RestorationNetwork> network = network_type(name).make();
  network->visit(reader);
  config.restorer = std::move(network);
}

void check_kinds(const char* network, int kinds, const std::vector<std::string>& labels) {
  require(!labels.empty() && labels.back() == kCleanLabel && labels.size() == size_t(kinds) + 1,
          cat(network, ".kinds: ", kinds, ": expected the number of labels before the last, ", kCleanLabel));
}

void check_instruction(const ModelConfig& config) {
  validate(*config.instruction);
  check_kinds("instruction", config.instruction->kinds, config.labels);
  int64_t vocab = 0;
  try {
    vocab = WordTokenizer(config.words, config.instruction->text.context).vocab();
  } catch (const UsageError& error) {
    throw FormatError(cat("words: ", error.what()));
  }
  require(vocab == config.instruction->text.vocab,
          cat("instruction.vocab: ", config.instruction->text.vocab, ": expected that of the words, ", vocab));
}

void check_context(const char* name, int length, const ModelConfig& config) {
  const int embedding = config.clip ? config.clip->embedding : 0;
  require(length == 0 || length == embedding,
          cat("restorer.", name, ": ", length, ": expected 0 or the embedding's length ", embedding));
}

}  // namespace

void visit(ConfigVisitor& v, PreprocessConfig& c) {
  using Kind = PreprocessConfig::Kind;
  static constexpr std::pair<Kind, std::string_view> kKinds[] = {{Kind::clip, "clip"}, {Kind::mosaic, "mosaic"}};
  const Range side = between(0, 4096);
  v.field("size", c.size, between(8, 4096));
  v.field("global", c.global, side);
  v.field("tile", c.tile, side);
  v.field("texture", c.texture, side, Presence::optional);
  enum_field(v, "kind", c.kind, kKinds);
}

void validate(const PreprocessConfig& config) {
  PreprocessConfig c = config;
  RangeCheck check("preprocess");
  visit(check, c);
  if (c.kind != PreprocessConfig::Kind::mosaic) return;
  require(c.tile > 0 && c.tile % 16 == 0 && c.size % c.tile == 0,
          cat("preprocess.tile: ", c.tile, ": expected a multiple of 16 that divides preprocess.size ", c.size));
  require(c.global > 0 && c.global < c.size && c.global % c.tile == 0,
          cat("preprocess.global: ", c.global, ": expected a multiple of preprocess.tile ", c.tile, " below ", c.size));
  require(c.texture % c.tile == 0 && c.texture <= c.size - c.global,
          cat("preprocess.texture: ", c.texture, ": expected a multiple of preprocess.tile ", c.tile, ", at most ",
              c.size - c.global));
}

void validate(const ModelConfig& config) {
  require(config.clip || config.restorer, "expected clip, restorer or both");
  if (config.clip) {
    validate(*config.clip);
    validate(config.preprocess);
    require(config.preprocess.size == config.clip->vision.image_size,
            cat("preprocess.size: ", config.preprocess.size, ": expected clip.vision.image_size ",
                config.clip->vision.image_size));
    check_range("clip.merges", config.merges, kMerges);
  }
  require(config.clip.has_value() != config.labels.empty(),
          config.clip ? "labels: expected at least one" : "labels: expected none without clip");
  require(std::isfinite(config.logit_scale), "logit_scale is not a number");
  require(config.label_bias.empty() || config.label_bias.size() == config.labels.size(),
          "label_bias: expected one per label");
  for (const float bias : config.label_bias) check_range("label_bias", double(bias), kLabelBias);
  if (config.damage) {
    validate(*config.damage);
    check_kinds("damage", config.damage->kinds, config.labels);
  }
  if (config.instruction) check_instruction(config);
  if (!config.restorer) return;
  config.restorer->validate();
  check_context("content_dim", config.restorer->context_dims().content, config);
  check_context("degradation_dim", config.restorer->context_dims().degradation, config);
}

std::string to_json(const ModelConfig& config) {
  Json json;
  json["format"] = kFormat;
  json["name"] = config.name;
  if (config.clip) write_clip(config, json);
  json["labels"] = config.labels;
  json["logit_scale"] = config.logit_scale;
  json["label_bias"] = config.label_bias;
  json["label_steering"] = config.label_steering;
  if (config.damage) {
    DamageConfig damage = *config.damage;
    JsonWriter writer(json, "damage", Sections::nested);
    visit(writer, damage);
  }
  if (config.instruction) {
    InstructionConfig instruction = *config.instruction;
    JsonWriter writer(json, "instruction", Sections::nested);
    visit(writer, instruction);
    json["words"] = config.words;
  }
  if (config.restorer) write_restorer(*config.restorer, json);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ModelConfig model_config_from_json(const std::string& text) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const nlohmann::json::exception&) {
    throw FormatError("model configuration: not JSON");
  }
  if (!json.is_object() || !json.contains("format") || json["format"] != kFormat)
    throw FormatError(cat("model configuration: expected format ", kFormat));

  ModelConfig config;
  const Json whole = {{"model", json}};
  const JsonReader top(whole, "model", Sections::nested);
  top.read("name", config.name);
  top.read("labels", config.labels);
  top.read("logit_scale", config.logit_scale);
  top.read("label_bias", config.label_bias, Presence::optional);
  top.read("label_steering", config.label_steering, Presence::optional);
  if (json.contains("clip")) read_clip(json, config);
  if (json.contains("damage")) {
    JsonReader damage(json, "damage", Sections::nested);
    visit(damage, config.damage.emplace());
  }
  if (json.contains("instruction")) {
    JsonReader instruction(json, "instruction", Sections::nested);
    visit(instruction, config.instruction.emplace());
    top.read("words", config.words);
  }
  if (json.contains("restorer")) read_restorer(json, config);
  try {
    validate(config);
  } catch (const FormatError& error) {
    throw FormatError(cat("model configuration: ", error.what()));
  }
  return config;
}

}  // namespace daclip
