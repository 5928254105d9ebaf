// AirNet against reference values, on any backend.
#pragma once

#include "direct_parity.h"
#include "nets/airnet.h"

namespace daclip::fixtures {

inline AirnetConfig airnet_config(const Json& json) {
  const Json& kwargs = json.at("kwargs");
  const std::vector<int> encoder = kwargs.at("encoder").get<std::vector<int>>();
  return {kwargs.at("n_feats"), kwargs.at("n_groups"), kwargs.at("n_blocks"), {encoder.begin() + 1, encoder.end()}};
}

// The map that steers the blocks, and the embedding.
inline void check_airnet_encoder(Backend& backend, const fs::path& folder, const AirnetConfig& config) {
  const NamedArrays file = fixture_weights(folder, read_json(folder / "config.json"), airnet_weights(config));
  Weights weights;
  for (const WeightSpec& spec : airnet_weights(config))
    weights.emplace(spec.name, backend.weight(file.at(spec.name).to_floats(), spec.shape));
  const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
  for (const char* tag : {"a", "b"}) {
    const Tensor steering = airnet_steering(backend, Scope(weights), from_nchw(backend, cases.at(cat(tag, ".in"))));
    const Tensor embedding = airnet_embedding(backend, config, Scope(weights), steering);
    const auto check = [&](const std::vector<float>& found, const std::string& name) {
      const std::vector<double> expected = cases.at(name).to_doubles();
      expect_close(found, expected, tolerance(backend, 1e-5 * largest(expected), expected), name);
    };
    check(to_nchw(backend, steering), cat(tag, ".inter64"));
    check(backend.to_floats(embedding), cat(tag, ".fea64"));
  }
}

// Returns false if `root` has no such fixture.
inline bool check_airnet(Backend& backend, const fs::path& root) {
  const std::vector<fs::path> folders = folders_with(root, "/kwargs/n_groups");
  for (const fs::path& folder : folders) {
    const AirnetConfig config = airnet_config(read_json(folder / "config.json"));
    check_direct_folder(backend, folder, *make_airnet(config), 1e-5);
    check_airnet_encoder(backend, folder, config);
  }
  return !folders.empty();
}

}  // namespace daclip::fixtures
