// MAXIM against reference values, on any backend.
#pragma once

#include "fixtures.h"
#include "nets/maxim.h"

namespace daclip::fixtures {

inline MaximConfig maxim_config(const Json& json) {
  const Json& c = json.at("maxim");
  return {c.at("features"),    c.at("stages"),    c.at("levels"),   c.at("groups"),   c.at("bottlenecks"),
          c.at("high_levels"), c.at("high_side"), c.at("low_side"), c.at("reduction")};
}

inline void check_maxim_folder(Backend& backend, const fs::path& folder) {
  const Json json = read_json(folder / "config.json");
  const MaximConfig config = maxim_config(json);
  const std::vector<WeightSpec> specs = maxim_weights(config);
  const NamedArrays file = fixture_weights(folder, json, specs);
  int64_t parameters = 0;
  for (const auto& [name, array] : file.arrays) parameters += int64_t(array.numel());
  EXPECT_EQ(parameters, json.at("params"));
  const Weights weights = upload(backend, file);

  const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
  int checked = 0;
  for (const auto& [name, array] : cases.arrays) {
    if (!name.ends_with(".in")) continue;
    const std::string tag = name.substr(0, name.size() - 3);
    const Tensor out = maxim(backend, config, Scope(weights), from_nchw(backend, array));
    const std::vector<double> expected = cases.at(tag + ".out64").to_doubles();
    expect_close(to_nchw(backend, out), expected, tolerance(backend, 1e-5 * largest(expected), expected),
                 cat(folder.filename().string(), ".", tag));
    ++checked;
  }
  EXPECT_GT(checked, 0) << folder;
}

// Returns false if `root` has no such fixture.
inline bool check_maxim(Backend& backend, const fs::path& root) {
  const std::vector<fs::path> folders = folders_with(root, "/maxim");
  for (const fs::path& folder : folders) check_maxim_folder(backend, folder);
  return !folders.empty();
}

}  // namespace daclip::fixtures
