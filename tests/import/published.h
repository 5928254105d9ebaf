// Small checkpoints with the published tensor names and random weights.
#pragma once

#include "import/import.h"
#include "pipeline/temp_folder.h"
#include "pipeline/tiny_model.h"
#include "weights/safetensors.h"

namespace daclip::test {

// A vocabulary of 512 byte symbols, three merges, start and end token: 517 tokens.
inline constexpr const char* kSmallVocabulary = "#version\nn o\nno i\ns y</w>\n";
inline constexpr int kSmallVocabularySize = 512 + 3 + 2;

inline ClipConfig published_clip() { return ClipConfig{{32, 8, 64, 2, 1}, {20, kSmallVocabularySize, 64, 1, 1}, 24}; }

inline NamedArrays random_checkpoint(const std::vector<WeightSpec>& specs, uint64_t seed) {
  NamedArrays arrays;
  Random random(seed);
  for (const WeightSpec& spec : specs) arrays.arrays[spec.name] = make_array(random_weight(spec, random), spec.shape);
  return arrays;
}

inline NamedArrays published_daclip(const ClipConfig& config = published_clip()) {
  return random_checkpoint(daclip_weights(config, true, true), 3);
}

// Plain CLIP with open_clip's names: no controller, no prefix "clip.".
inline NamedArrays plain_clip(const ClipConfig& config = published_clip()) {
  NamedArrays arrays;
  for (auto& [name, array] : published_daclip(config).arrays)
    if (name.starts_with("clip.")) arrays.arrays[name.substr(5)] = array;
  return arrays;
}

inline UnetConfig published_unet(int context = 24) {
  return UnetConfig{.width = 32, .multipliers = {1, 2}, .degradation_dim = context, .content_dim = context};
}

inline NafnetConfig published_nafnet() {
  NafnetConfig config;
  config.width = 8;
  config.encoder_blocks = {1, 2};
  config.middle_blocks = 1;
  config.decoder_blocks = {1, 1};
  return config;
}

}  // namespace daclip::test
