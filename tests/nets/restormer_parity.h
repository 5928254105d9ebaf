// Restormer and PromptIR against reference values, on any backend.
#pragma once

#include "direct_parity.h"
#include "nets/restormer.h"

namespace daclip::fixtures {

inline RestormerConfig restormer_config(const Json& json) {
  const Json& kwargs = json.at("kwargs");
  RestormerConfig config;
  config.width = kwargs.at("dim");
  config.blocks = kwargs.at("num_blocks").get<std::vector<int>>();
  config.heads = kwargs.at("heads").get<std::vector<int>>();
  config.refinement_blocks = kwargs.at("num_refinement_blocks");
  config.expansion = kwargs.at("ffn_expansion_factor");
  config.bias = kwargs.at("bias");
  config.norm_bias = kwargs.at("LayerNorm_type") == "WithBias";
  config.content_dim = kwargs.value("content_dim", 0);
  config.attention_heads = kwargs.value("attention_heads", 8);
  config.attention_head_dim = kwargs.value("attention_head_dim", 64);
  if (kwargs.value("decoder", false)) {
    config.prompt_channels = json.at("prompt_dims").get<std::vector<int>>();
    config.prompt_sides = json.at("prompt_sizes").get<std::vector<int>>();
    config.prompt_heads = config.heads[2];
  }
  return config;
}

// Returns false if `root` has no such fixture.
inline bool check_restormer(Backend& backend, const fs::path& root) {
  const std::vector<fs::path> folders = folders_with(root, "/kwargs/LayerNorm_type");
  // The references' README: 5e-5 for a largest value of 9.
  for (const fs::path& folder : folders)
    check_direct_folder(backend, folder, *make_restormer(restormer_config(read_json(folder / "config.json"))), 5e-6);
  return !folders.empty();
}

}  // namespace daclip::fixtures
