// A complete model with a few thousand random weights, so that tests of the pipeline and the program do not depend on
// the shipped model.
#pragma once

#include <cmath>
#include <filesystem>

#include "core/labels.h"
#include "core/random.h"
#include "model/model_config.h"
#include "nets/clip.h"
#include "nets/nafnet.h"
#include "nets/unet.h"
#include "weights/safetensors.h"

namespace daclip::test {

inline NafnetConfig tiny_nafnet() {
  NafnetConfig config;
  config.width = 8;
  config.encoder_blocks = {1, 1};
  config.middle_blocks = 1;
  config.decoder_blocks = {1, 1};
  config.unshuffle = 2;
  config.degradation_dim = config.content_dim = 16;
  config.prompt_dim = 16;
  config.attention_heads = 2;
  config.attention_head_dim = 8;
  return config;
}

inline UnetConfig tiny_unet() {
  return {.width = 32,
          .multipliers = {1, 1},
          .degradation_dim = 16,
          .content_dim = 16,
          .first_transformer = 1,
          .heads = 2,
          .head_dim = 16};
}

// Little noise, so that the output of a random network stays within [0,1].
inline SdeConfig tiny_sde() { return {.max_sigma = 0.002}; }

inline ModelConfig tiny_config() {
  ModelConfig config;
  config.name = "tiny";
  config.clip = ClipConfig{{64, 16, 32, 2, 2}, {16, 100, 16, 1, 1}, 16};
  config.clip->control_stem = {4, 6};
  config.preprocess = {PreprocessConfig::Kind::mosaic, 64, 32, 16};
  config.labels.assign(kLabels.begin(), kLabels.end());
  config.logit_scale = 20;
  config.restorer = make_nafnet(tiny_nafnet());
  return config;
}

// The same with a damage network.
inline ModelConfig tiny_damage_config() {
  ModelConfig config = tiny_config();
  config.damage = DamageConfig{32, 32, 2, 4, 8, kDegradationCount};
  config.label_steering = true;
  return config;
}

// The same with an instruction network besides.
inline ModelConfig tiny_instruction_config() {
  ModelConfig config = tiny_damage_config();
  config.words = {"remove", "keep", "the", "rain"};
  config.instruction = InstructionConfig{{12, int(config.words.size()) + 4, 16, 1, 2}, kDegradationCount};
  return config;
}

// The damage network of a model finds these kinds in every photo, with these log odds, at severity 1/2.
inline void set_findings(NamedArrays& model, const std::vector<std::pair<std::string, float>>& log_odds) {
  NamedArray &weight = model.arrays["damage.head.1.weight"], &bias = model.arrays["damage.head.1.bias"];
  weight = make_array(std::vector<float>(weight.numel()), weight.shape, ArrayType::f32);
  std::vector<float> values(bias.numel());
  for (size_t kind = 0; kind < size_t(kDegradationCount); ++kind) values[kind] = -8;
  for (const auto& [kind, value] : log_odds) values[size_t(label_index(kind))] = value;
  bias = make_array(values, bias.shape, ArrayType::f32);
}

// The same with a diffusion network instead of NAFNet.
inline ModelConfig tiny_diffusion_config() {
  ModelConfig config = tiny_config();
  config.clip->control_stem.clear();  // like published controllers
  config.restorer = make_unet(tiny_unet(), tiny_sde());
  return config;
}

// Removes CLIP and the contexts, which leaves a plain restoration network.
inline void remove_clip(ModelConfig& config) {
  config.clip.reset();
  config.labels.clear();
  config.restorer = with_context_dims(*config.restorer, {});
}

// Random weights. Weights that are initialised with zeros get small values, so that every path has an effect.
inline std::vector<float> random_weight(const WeightSpec& spec, Random& random) {
  size_t count = 1;
  for (const int64_t d : spec.shape) count *= size_t(d);
  std::vector<float> values(count);
  for (float& v : values) switch (spec.init) {
      case WeightSpec::Init::zeros: v = float(0.05 * random.normal()); break;
      case WeightSpec::Init::ones: v = float(1 + 0.05 * random.normal()); break;
      case WeightSpec::Init::fan_in: v = float(random.uniform(-spec.scale, spec.scale)); break;
      case WeightSpec::Init::constant: v = float(spec.scale); break;
      case WeightSpec::Init::normal: v = float(spec.scale * random.normal()); break;
      case WeightSpec::Init::unit_uniform: v = float(random.uniform()); break;
    }
  return values;
}

inline NamedArrays tiny_model(const ModelConfig& config = tiny_config(), uint64_t seed = 1) {
  NamedArrays model;
  Random random(seed);
  const auto add = [&](const std::string& prefix, const std::vector<WeightSpec>& specs) {
    for (const WeightSpec& spec : specs)
      model.arrays[prefix + spec.name] = make_array(random_weight(spec, random), spec.shape, ArrayType::f16);
  };
  if (config.clip) add("daclip.", daclip_weights(*config.clip, true, config.text_tower));
  if (config.damage) add("damage.", damage_weights(*config.damage));
  if (config.instruction) add("instruction.", instruction_weights(*config.instruction));
  if (config.restorer) add("restorer.", config.restorer->weights());
  model.metadata = to_json(config);
  if (!config.clip) return model;
  std::vector<float> labels(config.labels.size() * size_t(config.clip->embedding));
  for (float& v : labels) v = float(random.normal() / std::sqrt(double(config.clip->embedding)));
  model.arrays["labels"] = make_array(labels, {int64_t(config.labels.size()), config.clip->embedding}, ArrayType::f32);
  return model;
}

// Adds a text tower and a vocabulary of bytes and two merges.
inline NamedArrays with_words(ModelConfig config) {
  config.text_tower = true;
  config.merges = 2;
  config.clip->text.vocab = 512 + config.merges + 2;
  NamedArrays model = tiny_model(config);
  static constexpr int32_t kPairs[] = {1, 2, 3, 4};
  model.arrays["tokenizer.merges"] = {
      ArrayType::i32, {2, 2}, {reinterpret_cast<const uint8_t*>(kPairs), sizeof kPairs}, nullptr};
  return model;
}

inline void set_label(NamedArrays& model, const ModelConfig& config, int index, std::span<const float> direction) {
  std::vector<float> labels = model.arrays["labels"].to_floats();
  std::copy(direction.begin(), direction.end(), labels.begin() + std::ptrdiff_t(index) * config.clip->embedding);
  model.arrays["labels"] = make_array(labels, {int64_t(config.labels.size()), config.clip->embedding}, ArrayType::f32);
}

}  // namespace daclip::test
