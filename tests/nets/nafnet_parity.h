// NAFNet against reference values, on any backend.
#pragma once

#include "core/random.h"
#include "direct_parity.h"
#include "nets/nafnet.h"

namespace daclip::fixtures {

inline NafnetConfig nafnet_config(const Json& json) {
  const Json& kwargs = json.at("kwargs");
  NafnetConfig config;
  config.channels = kwargs.at("img_channel");
  config.width = kwargs.at("width");
  config.middle_blocks = kwargs.at("middle_blk_num");
  config.encoder_blocks = kwargs.at("enc_blk_nums").get<std::vector<int>>();
  config.decoder_blocks = kwargs.at("dec_blk_nums").get<std::vector<int>>();
  config.unshuffle = kwargs.value("unshuffle", 1);
  config.degradation_dim = kwargs.value("degradation_dim", 0);
  config.prompt_dim = kwargs.value("prompt_dim", 256);
  config.content_dim = kwargs.value("content_dim", 0);
  config.attention_heads = kwargs.value("attention_heads", 8);
  config.attention_head_dim = kwargs.value("attention_head_dim", 64);
  if (json.contains("train_size")) {
    config.local_train_height = json.at("train_size").at(2);
    config.local_train_width = json.at("train_size").at(3);
    config.local_height = json.at("base_size").at(0);
    config.local_width = json.at("base_size").at(1);
    config.local_fast = json.at("fast_imp");
  }
  return config;
}

// Returns false if `root` has no such fixture.
inline bool check_nafnet(Backend& backend, const fs::path& root) {
  const std::vector<fs::path> folders = folders_with(root, "/kwargs/enc_blk_nums");
  // From the references' README: 1e-4 for a largest value of 14.
  for (const fs::path& folder : folders)
    check_direct_folder(backend, folder, *make_nafnet(nafnet_config(read_json(folder / "config.json"))), 7e-6);
  return !folders.empty();
}

// With the initial weights of training, contexts must not change the picture; with random weights they must.
inline void check_untrained_steer(Backend& backend) {
  const NafnetConfig config{.width = 4,
                            .encoder_blocks = {1},
                            .decoder_blocks = {1},
                            .unshuffle = 2,
                            .degradation_dim = 6,
                            .prompt_dim = 5,
                            .content_dim = 7,
                            .attention_heads = 2,
                            .attention_head_dim = 3};
  Random random(3);
  const auto values = [&](int64_t count, double scale) {
    std::vector<float> result(static_cast<size_t>(count));
    for (float& value : result) value = float(scale * random.normal());
    return result;
  };
  const Tensor lq = backend.from_floats(values(2 * 8 * 12 * 3, 0.3), {2, 8, 12, 3});
  const Contexts contexts{backend.from_floats(values(2 * 7, 1), {2, 7}), backend.from_floats(values(2 * 6, 1), {2, 6})};
  for (const bool trained : {false, true}) {
    Weights weights;
    for (const WeightSpec& spec : nafnet_weights(config)) {
      int64_t count = 1;
      for (const int64_t d : spec.shape) count *= d;
      // beta and gamma also start at zero, which would hide the conditioning.
      const bool gain = spec.name.ends_with("beta") || spec.name.ends_with("gamma");
      const bool zero = spec.init == WeightSpec::Init::zeros && !gain && !trained;
      weights.emplace(spec.name, backend.weight(values(count, zero ? 0 : 0.3), spec.shape));
    }
    const std::vector<float> plain = backend.to_floats(nafnet(backend, config, Scope(weights), lq));
    const std::vector<float> steered = backend.to_floats(nafnet(backend, config, Scope(weights), lq, contexts));
    if (trained) {
      EXPECT_NE(plain, steered);
    } else {
      EXPECT_EQ(plain, steered);
    }
  }
}

}  // namespace daclip::fixtures
