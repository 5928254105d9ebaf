#include "train/config.h"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/toml_file.h"
#include "daclip/sampler.h"
#include "nets/nafnet.h"
#include "nets/registry.h"
#include "train/lr_schedule.h"

namespace daclip {
namespace {

using Json = nlohmann::json;

constexpr Range kShare = between(0, 1);
constexpr Range kBeta{.low = 0, .high = 1, .open_high = true};
constexpr Range kAboveZeroToOne{.low = 0, .high = 1, .open_low = true};

void visit_run(TrainVisitor& v, RunConfig& c) {
  static constexpr std::string_view kDevices[] = {"cpu", "cuda"}, kPrecisions[] = {"f32", "tf32", "bf16"};
  v.field("seed", c.seed, at_least(0));
  v.field("steps", c.steps, at_least(1));
  v.field("minutes", c.minutes, at_least(0));
  v.field("threads", c.threads, at_least(0));
  v.field("loader_threads", c.loader_threads, at_least(1));
  v.field("device", c.device, kDevices);
  v.field("precision", c.precision, kPrecisions);
  v.field("out", c.out);
  v.field("log_interval", c.log_interval, at_least(1));
  v.field("validate_interval", c.validate_interval, at_least(0));
  v.field("checkpoint_interval", c.checkpoint_interval, at_least(1));
}

void visit_optimizer(TrainVisitor& v, OptimizerConfig& c) {
  static constexpr std::string_view kKinds[] = {"adamw", "adam", "lion", "muon"};
  v.field("kind", c.kind, kKinds);
  v.field("lr", c.lr, above(0));
  v.field("lr_end", c.lr_end, at_least(0));
  v.field("beta1", c.beta1, kBeta);
  v.field("beta2", c.beta2, kBeta);
  v.field("eps", c.eps, above(0));
  v.field("weight_decay", c.weight_decay, at_least(0));
  v.field("warmup", c.warmup, at_least(0));
  v.field("clip", c.clip, at_least(0));
  v.field("ema", c.ema, kBeta);
  v.field("ema_every", c.ema_every, at_least(1));
  v.field("ema_after", c.ema_after, at_least(0));
  v.field("accumulate", c.accumulate, at_least(1));
  v.field("recompute", c.recompute);
  v.field("schedule", c.schedule, schedule_names());
  v.field("cooldown", c.cooldown, at_least(0));
  v.field("cooldown_power", c.cooldown_power, above(0));
  v.field("periods", c.periods, at_least(1));
  v.field("restarts", c.restarts, at_least(1));
  v.field("restart_weights", c.restart_weights, above(0));
  v.field("milestones", c.milestones, at_least(1));
  v.field("gamma", c.gamma, kAboveZeroToOne);
}

void visit_data(TrainVisitor& v, DataConfig& c) {
  v.field("packs", c.packs);
  v.field("batch", c.batch, at_least(1));
  v.field("crop", c.crop, at_least(16));
  v.field("holdout", c.holdout, at_least(0));
  v.field("validation_photos", c.validation_photos, at_least(0));
  v.field("degraded_share", c.degraded_share, kShare);
  v.field("instructions", c.instructions);
  v.field("region_share", c.region_share, kAboveZeroToOne);
  v.field("paper_share", c.paper_share, kShare);
}

void visit_loss(TrainVisitor& v, LossConfig& c) {
  static constexpr std::string_view kLosses[] = {"l1", "l2", "charbonnier", "psnr"};
  static constexpr std::string_view kSteerings[] = {"embedding", "labels"};
  static constexpr std::string_view kDiffusion[] = {"likelihood", "noise"}, kPictures[] = {"photo", "crop"};
  v.field("restorer", c.restorer, kLosses);
  v.field("diffusion", c.diffusion, kDiffusion);
  v.field("context_of", c.context_of, kPictures);
  v.field("psnr_ceiling", c.psnr_ceiling, {.low = 0, .high = 120, .open_low = true});
  v.field("charbonnier_eps", c.charbonnier_eps, above(0));
  v.field("steering", c.steering, kSteerings);
  v.field("context_dropout", c.context_dropout, kShare);
  v.field("label_share", c.label_share, kShare);
  v.field("label_noise", c.label_noise, kShare);
  v.field("content_weight", c.content_weight, at_least(0));
  v.field("content_share", c.content_share, kShare);
  static constexpr std::string_view kObjectives[] = {"labels", "paper"}, kTexts[] = {"photo", "word"};
  v.field("controller", c.controller, kObjectives);
  v.field("label_text", c.label_text, kTexts);
  v.field("both_directions", c.both_directions);
  v.field("mask_same_text", c.mask_same_text);
  v.field("learn_temperature", c.learn_temperature);
  v.field("temperature", c.temperature, above(0));
}

void visit_init(TrainVisitor& v, InitConfig& c) {
  v.field("clip", c.clip);
  v.field("labels", c.labels, between(0, int(kLabels.size())));
  v.field("controller", c.controller);
  v.field("damage", c.damage);
  v.field("daclip", c.daclip);
  v.field("residual_gain", c.residual_gain, Range{});
  v.field("restorer", c.restorer);
}

void visit_validation(TrainVisitor& v, ValidationConfig& c) {
  static const std::vector<std::string_view> kSamplers = sampler_names();
  v.field("sampler", c.sampler, kSamplers);
  v.field("evaluations", c.evaluations, at_least(0));
  v.field("seed", c.seed, at_least(0));
  v.field("metric_weights", c.metric_weights);
}

// preprocess.size and .kind follow from the other keys.
void visit_preprocess(TrainVisitor& v, PreprocessConfig& c) {
  const Range side = between(0, 4096);
  v.field("global", c.global, side);
  v.field("tile", c.tile, side);
  v.field("texture", c.texture, side);
}

// "network" names the type; its own fields follow.
void visit_restorer(TrainVisitor& v, std::shared_ptr<const RestorationNetwork>& restorer) {
  std::vector<std::string_view> names;
  for (const NetworkType* type : network_types()) names.push_back(type->name);
  const std::string before(restorer->type().name);
  std::string name = before;
  v.field("network", name, names);
  std::unique_ptr<RestorationNetwork> network = name == before ? restorer->clone() : network_type(name).make();
  network->visit(v);
  restorer = std::move(network);
}

[[noreturn]] void refuse(const std::string& key, const std::string& found, const std::string& expected) {
  throw UsageError(cat(key, ": ", found, ": expected ", expected));
}

void assign(bool& target, const Json& value, const std::string& key) {
  if (!value.is_boolean()) refuse(key, value.dump(), "true or false");
  target = value.get<bool>();
}

void assign(std::string& target, const Json& value, const std::string& key) {
  if (!value.is_string()) refuse(key, value.dump(), "a text");
  target = value.get<std::string>();
}

template <std::integral T>
void assign(T& target, const Json& value, const std::string& key) {
  if (!value.is_number_integer()) refuse(key, value.dump(), "a whole number");
  const int64_t number = value.get<int64_t>();
  if (std::is_unsigned_v<T> && number < 0) refuse(key, cat(number), range_text(at_least(0)));
  if (sizeof(T) < 8 && std::abs(double(number)) > INT32_MAX) refuse(key, cat(number), "a number below 2^31");
  target = T(number);
}

template <std::floating_point T>
void assign(T& target, const Json& value, const std::string& key) {
  if (!value.is_number()) refuse(key, value.dump(), "a number");
  target = value.get<T>();
}

template <class T>
void assign(std::vector<T>& target, const Json& value, const std::string& key) {
  if (!value.is_array()) refuse(key, value.dump(), "a list");
  target.clear();
  for (const Json& item : value) assign(target.emplace_back(), item, key);
}

template <class Number>
void check(const std::string& key, const Number& value, const Range& range) {
  if (!std::isfinite(double(value))) refuse(key, cat(value), "a finite number");
  if (!range.contains(double(value))) refuse(key, cat(value), range_text(range));
}

template <class Number>
void check(const std::string& key, const std::vector<Number>& values, const Range& range_of_each) {
  for (const Number& value : values) check(key, value, range_of_each);
}

void check(const std::string& key, const std::string& value, Choices choices) {
  if (std::ranges::find(choices, value) != choices.end()) return;
  refuse(key, Json(value).dump(), "one of " + joined(choices));
}

template <class T>
void check(const std::string&, const T&, Anything) {}

void check_schedule(const OptimizerConfig& c) {
  if (!std::ranges::is_sorted(c.restarts)) refuse("optimizer.restarts", Json(c.restarts).dump(), "ascending steps");
  if (!c.restart_weights.empty() && c.restart_weights.size() != c.restarts.size())
    refuse("optimizer.restart_weights", cat(c.restart_weights.size(), " entries"),
           cat("none, or one for each of optimizer.restarts, ", c.restarts.size()));
  if (c.schedule == "cosine_restart" && c.periods.size() != c.restarts.size() + 1)
    refuse("optimizer.periods", cat(c.periods.size(), " entries"),
           cat("one more than optimizer.restarts has, ", c.restarts.size() + 1));
}

// No section has an unknown key.
void check_names(const Json& root, const std::set<std::string>& known) {
  for (const auto& [section, table] : root.items()) {
    if (!table.is_object()) throw UsageError(cat(section, ": unknown key"));
    for (const auto& [name, value] : table.items())
      if (!known.contains(section + "." + name)) throw UsageError(cat(section, ".", name, ": unknown key"));
  }
}

TrainConfig from_json(const Json& root) {
  if (!root.is_object()) refuse("configuration", root.dump(), "a table");
  TrainConfig config;
  constexpr double kUnset = -1;
  config.sampler.paper_share.fill(kUnset);
  std::set<std::string> known;
  for_each_key(config, [&](const Key& key, auto& value, const auto& rule) {
    known.insert(key.text());
    const auto section = root.find(key.section);
    if (section == root.end()) return;
    if (!section->is_object()) refuse(key.section, section->dump(), "a table");
    if (!section->contains(key.name)) return;
    assign(value, (*section)[key.name], key.text());
    check(key.text(), value, rule);
  });
  check_names(root, known);
  for (double& share : config.sampler.paper_share)
    if (share == kUnset) share = config.data.paper_share;
  config.sampler.seed = config.run.seed;
  config.sampler.slots = config.data.batch;
  config.preprocess.size = config.clip.vision.image_size;
  config.preprocess.kind = config.preprocess.global > 0 ? PreprocessConfig::Kind::mosaic : PreprocessConfig::Kind::clip;
  validate(config);
  return config;
}

Json to_json_value(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    Json result = Json::object();
    for (const auto& [name, value] : *table) result[std::string(name.str())] = to_json_value(value);
    return result;
  }
  if (const auto* array = node.as_array()) {
    Json result = Json::array();
    for (const auto& value : *array) result.push_back(to_json_value(value));
    return result;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  return nullptr;
}

}  // namespace

// Sizes of the compact model (models/README.md).
TrainConfig::TrainConfig() {
  clip.embedding = 128;
  clip.vision = {192, 16, 128, 5, 4};
  clip.text = {32, 4000, 128, 3, 4};
  preprocess = {PreprocessConfig::Kind::mosaic, 192, 128, 32, 64};
  restorer = make_nafnet({.width = 32,
                          .encoder_blocks = {2, 2, 4},
                          .middle_blocks = 4,
                          .decoder_blocks = {2, 2, 2},
                          .unshuffle = 2,
                          .prompt_dim = 64,
                          .attention_heads = 4,
                          .attention_head_dim = 32});
}

void visit(TrainVisitor& v, TrainConfig& c) {
  v.section("run", [&] { visit_run(v, c.run); });
  v.section("optimizer", [&] { visit_optimizer(v, c.optimizer); });
  v.section("data", [&] { visit_data(v, c.data); });
  visit(v, c.sampler);
  v.section("loss", [&] { visit_loss(v, c.loss); });
  v.section("init", [&] { visit_init(v, c.init); });
  v.section("validation", [&] { visit_validation(v, c.validation); });
  v.section("clip", [&] { visit(v, c.clip); });
  v.section("preprocess", [&] { visit_preprocess(v, c.preprocess); });
  v.section("damage", [&] { visit(v, c.damage); });
  v.section("instruction", [&] { visit(v, c.instruction); });
  v.section("restorer", [&] { visit_restorer(v, c.restorer); });
}

void validate(const TrainConfig& config) {
  TrainConfig c = config;
  for_each_key(c, [](const Key& key, const auto& value, const auto& rule) { check(key.text(), value, rule); });
  check_schedule(c.optimizer);
  if (c.init.labels != 0 && c.init.labels < kDegradationCount)
    refuse("init.labels", cat(c.init.labels), cat("0, ", kDegradationCount, " or ", kLabels.size()));
  c.sampler.min_side = 1;  // each stage sets its own
  validate(c.sampler);
  try {
    validate(c.clip);
    validate(c.preprocess);
    c.restorer->validate();
  } catch (const FormatError& error) {
    throw UsageError(error.what());
  }
  const VisionConfig& vision = c.clip.vision;
  if (vision.image_size % vision.patch != 0)
    refuse("vision.image_size", cat(vision.image_size), cat("a multiple of vision.patch, ", vision.patch));
}

TrainConfig read_train_config(const std::filesystem::path& path) {
  std::error_code error_code;
  if (std::filesystem::is_directory(path, error_code))
    throw UsageError(cat(path.string(), ": a folder: expected a TOML file"));
  const toml::table table = read_toml(path);
  try {
    return from_json(to_json_value(table));
  } catch (const UsageError& error) {
    throw UsageError(cat(path.string(), ": ", error.what()));
  }
}

std::string to_json(const TrainConfig& config) {
  TrainConfig copy = config;
  Json root = Json::object();
  for_each_key(copy, [&](const Key& key, const auto& value, const auto&) { root[key.section][key.name] = value; });
  return root.dump();
}

TrainConfig train_config_from_json(const std::string& text) {
  try {
    return from_json(Json::parse(text));
  } catch (const Json::exception& error) {
    throw FormatError(cat("checkpoint: its configuration is no JSON: ", error.what()));
  } catch (const UsageError& error) {
    throw FormatError(cat("checkpoint: ", error.what()));
  }
}

std::vector<KeyChange> changed_keys(const TrainConfig& before, const TrainConfig& now) {
  const Json a = Json::parse(to_json(before)), b = Json::parse(to_json(now));
  Json all = a;
  all.update(b, true);
  std::vector<KeyChange> changes;
  for (const auto& [section, table] : all.items())
    for (const auto& [name, value] : table.items()) {
      const Json::json_pointer at("/" + section + "/" + name);
      const Json old = a.value(at, Json()), current = b.value(at, Json());
      if (old != current) changes.push_back({{section, name}, old.dump(), current.dump()});
    }
  return changes;
}

}  // namespace daclip
