#include "train/config.h"

#include <toml++/toml.h>
#include <concepts>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"

namespace daclip {
namespace {

using Json = nlohmann::json;

// The one table of keys: reading, checking and writing all walk it.
template <class Config, class Visit>
void visit_keys(Config& c, Visit visit) {
  visit("run", "seed", c.run.seed);
  visit("run", "steps", c.run.steps);
  visit("run", "minutes", c.run.minutes);
  visit("run", "threads", c.run.threads);
  visit("run", "loader_threads", c.run.loader_threads);
  visit("run", "device", c.run.device);
  visit("run", "precision", c.run.precision);
  visit("run", "out", c.run.out);
  visit("run", "log_interval", c.run.log_interval);
  visit("run", "validate_interval", c.run.validate_interval);
  visit("run", "checkpoint_interval", c.run.checkpoint_interval);

  visit("optimizer", "kind", c.optimizer.kind);
  visit("optimizer", "lr", c.optimizer.lr);
  visit("optimizer", "lr_end", c.optimizer.lr_end);
  visit("optimizer", "beta1", c.optimizer.beta1);
  visit("optimizer", "beta2", c.optimizer.beta2);
  visit("optimizer", "eps", c.optimizer.eps);
  visit("optimizer", "weight_decay", c.optimizer.weight_decay);
  visit("optimizer", "warmup", c.optimizer.warmup);
  visit("optimizer", "clip", c.optimizer.clip);
  visit("optimizer", "ema", c.optimizer.ema);

  visit("data", "packs", c.data.packs);
  visit("data", "batch", c.data.batch);
  visit("data", "crop", c.data.crop);
  visit("data", "holdout", c.data.holdout);
  visit("data", "validation_photos", c.data.validation_photos);
  visit("data", "degraded_share", c.data.degraded_share);
  visit("data", "region_share", c.data.region_share);
  visit("data", "hold", c.sampler.hold);
  visit("data", "region", c.sampler.region);
  visit("data", "rescale_min", c.sampler.rescale_min);
  visit("data", "rescale_max", c.sampler.rescale_max);
  visit("data", "paper_share", c.data.paper_share);
  visit("data", "paired_share", c.sampler.paired_share);
  visit("data", "stored_share", c.sampler.stored_share);
  visit("data", "grade_share", c.sampler.grade_share);
  visit("data", "found_share", c.sampler.found_share);
  visit("data", "surface_share", c.sampler.surface_share);
  visit("data", "focus_share", c.sampler.focus_share);
  visit("data", "wet_share", c.sampler.wet_share);
  for (size_t i = 0; i < kLabels.size(); ++i) visit("weights", std::string(kLabels[i]).c_str(), c.sampler.weights[i]);
  for (size_t i = 0; i < kLabels.size(); ++i)
    visit("paper_share", std::string(kLabels[i]).c_str(), c.sampler.paper_share[i]);

  visit("loss", "restorer", c.loss.restorer);
  visit("loss", "psnr_ceiling", c.loss.psnr_ceiling);
  visit("loss", "steering", c.loss.steering);
  visit("loss", "context_dropout", c.loss.context_dropout);
  visit("loss", "label_share", c.loss.label_share);
  visit("loss", "label_noise", c.loss.label_noise);
  visit("loss", "content_weight", c.loss.content_weight);
  visit("loss", "content_share", c.loss.content_share);
  visit("loss", "temperature", c.loss.temperature);

  visit("init", "clip", c.init.clip);
  visit("init", "controller", c.init.controller);
  visit("init", "daclip", c.init.daclip);
  visit("init", "residual_gain", c.init.residual_gain);
  visit("init", "restorer", c.init.restorer);

  visit("clip", "embedding", c.clip.embedding);
  visit("clip", "control_stem", c.clip.control_stem);
  visit("vision", "image_size", c.clip.vision.image_size);
  visit("vision", "patch", c.clip.vision.patch);
  visit("vision", "width", c.clip.vision.width);
  visit("vision", "layers", c.clip.vision.layers);
  visit("vision", "heads", c.clip.vision.heads);
  visit("text", "context", c.clip.text.context);
  visit("text", "vocab", c.clip.text.vocab);
  visit("text", "width", c.clip.text.width);
  visit("text", "layers", c.clip.text.layers);
  visit("text", "heads", c.clip.text.heads);
  visit("preprocess", "global", c.preprocess.global);
  visit("preprocess", "tile", c.preprocess.tile);
  visit("preprocess", "texture", c.preprocess.texture);

  visit("restorer", "width", c.restorer.width);
  visit("restorer", "encoder_blocks", c.restorer.encoder_blocks);
  visit("restorer", "middle_blocks", c.restorer.middle_blocks);
  visit("restorer", "decoder_blocks", c.restorer.decoder_blocks);
  visit("restorer", "unshuffle", c.restorer.unshuffle);
  visit("restorer", "degradation_dim", c.restorer.degradation_dim);
  visit("restorer", "prompt_dim", c.restorer.prompt_dim);
  visit("restorer", "content_dim", c.restorer.content_dim);
  visit("restorer", "attention_heads", c.restorer.attention_heads);
  visit("restorer", "attention_head_dim", c.restorer.attention_head_dim);
}

[[noreturn]] void bad_value(const std::string& key, const char* expected) {
  throw UsageError(cat(key, ": expected ", expected));
}

void assign(std::string& target, const Json& value, const std::string& key) {
  if (!value.is_string()) bad_value(key, "a text");
  target = value.get<std::string>();
}

template <std::integral T>
void assign(T& target, const Json& value, const std::string& key) {
  if (!value.is_number_integer() || value.get<int64_t>() < 0) bad_value(key, "a whole number, not negative");
  const int64_t number = value.get<int64_t>();
  if (sizeof(T) < 8 && number > INT32_MAX) bad_value(key, "a number below 2^31");
  target = T(number);
}

template <std::floating_point T>
void assign(T& target, const Json& value, const std::string& key) {
  if (!value.is_number()) bad_value(key, "a number");
  target = value.get<T>();
}

template <class T>
void assign(std::vector<T>& target, const Json& value, const std::string& key) {
  if (!value.is_array()) bad_value(key, "a list");
  target.clear();
  for (const Json& item : value) assign(target.emplace_back(), item, key);
}

void check(const TrainConfig& c) {
  const auto need = [](bool fine, const char* what) {
    if (!fine) throw UsageError(what);
  };
  need(c.run.steps >= 1, "run.steps: expected at least 1");
  need(c.run.minutes >= 0, "run.minutes: expected at least 0");
  need(c.run.log_interval >= 1 && c.run.checkpoint_interval >= 1, "run intervals: expected at least 1");
  need(c.run.device == "cpu" || c.run.device == "cuda", "run.device: expected cpu or cuda");
  need(c.run.precision == "f32" || c.run.precision == "tf32" || c.run.precision == "bf16",
       "run.precision: expected f32, tf32 or bf16");
  need(c.optimizer.kind == "adamw" || c.optimizer.kind == "muon", "optimizer.kind: expected adamw or muon");
  need(c.optimizer.lr > 0 && c.optimizer.lr_end >= 0, "optimizer.lr: expected above 0");
  need(c.optimizer.ema >= 0 && c.optimizer.ema < 1, "optimizer.ema: expected 0 to below 1");
  need(c.data.batch >= 1 && c.data.crop >= 16, "data: expected batch from 1 and crop from 16");
  need(c.data.region_share > 0 && c.data.region_share <= 1, "data.region_share: expected above 0, at most 1");
  need(c.data.degraded_share >= 0 && c.data.degraded_share <= 1, "data.degraded_share: expected 0 to 1");
  need(c.loss.restorer == "l1" || c.loss.restorer == "psnr", "loss.restorer: expected l1 or psnr");
  need(c.loss.psnr_ceiling > 0 && c.loss.psnr_ceiling <= 120, "loss.psnr_ceiling: expected above 0, at most 120 dB");
  need(c.loss.steering == "embedding" || c.loss.steering == "labels", "loss.steering: expected embedding or labels");
  need(c.loss.context_dropout >= 0 && c.loss.context_dropout <= 1, "loss.context_dropout: expected 0 to 1");
  need(c.loss.label_share >= 0 && c.loss.label_share <= 1, "loss.label_share: expected 0 to 1");
  need(c.loss.label_noise >= 0 && c.loss.label_noise <= 1, "loss.label_noise: expected 0 to 1");
  need(c.loss.temperature > 0, "loss.temperature: expected above 0");
  need(c.clip.vision.patch >= 1 && c.clip.vision.image_size % c.clip.vision.patch == 0,
       "vision.image_size: expected a multiple of vision.patch");
}

TrainConfig from_json(const Json& root, const std::string& where) {
  TrainConfig config;
  config.sampler.paper_share.fill(-1);
  std::set<std::string> known;
  try {
    if (!root.is_object()) bad_value("configuration", "a table");
    visit_keys(config, [&](const char* group, const char* name, auto& value) {
      const std::string key = std::string(group) + "." + name;
      known.insert(key);
      if (!root.contains(group)) return;
      if (!root[group].is_object()) bad_value(group, "a table");
      if (root[group].contains(name)) assign(value, root[group][name], key);
    });
    for (const auto& [group, table] : root.items()) {
      if (!table.is_object()) throw UsageError(cat(group, ": unknown key"));
      for (const auto& [name, value] : table.items())
        if (!known.contains(group + "." + name)) throw UsageError(cat(group, ".", name, ": unknown key"));
    }
    check(config);
  } catch (const UsageError& error) {
    throw UsageError(cat(where, ": ", error.what()));
  }
  for (double& share : config.sampler.paper_share)
    if (share == -1) share = config.data.paper_share;
  config.sampler.seed = config.run.seed;
  config.sampler.slots = config.data.batch;
  config.preprocess.size = config.clip.vision.image_size;
  config.preprocess.kind = config.preprocess.global > 0 ? PreprocessConfig::Kind::mosaic : PreprocessConfig::Kind::clip;
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
  restorer.width = 32;
  restorer.encoder_blocks = {2, 2, 4};
  restorer.middle_blocks = 4;
  restorer.decoder_blocks = {2, 2, 2};
  restorer.unshuffle = 2;
  restorer.prompt_dim = 64;
  restorer.attention_heads = 4;
  restorer.attention_head_dim = 32;
}

TrainConfig read_train_config(const std::filesystem::path& path) {
  toml::table table;
  try {
    table = toml::parse_file(path.string());
  } catch (const toml::parse_error& error) {
    if (!std::filesystem::exists(path)) throw IoError(cat(path.string(), ": cannot be read"));
    throw FormatError(cat(path.string(), ":", error.source().begin.line, ": ", error.description()));
  }
  return from_json(to_json_value(table), path.string());
}

std::string to_json(const TrainConfig& config) {
  Json root = Json::object();
  visit_keys(config, [&](const char* group, const char* name, const auto& value) { root[group][name] = value; });
  return root.dump();
}

TrainConfig train_config_from_json(const std::string& text) {
  try {
    return from_json(Json::parse(text), "checkpoint");
  } catch (const Json::exception& error) {
    throw FormatError(cat("checkpoint: its configuration is no JSON: ", error.what()));
  } catch (const UsageError& error) {
    throw FormatError(error.what());
  }
}

}  // namespace daclip
