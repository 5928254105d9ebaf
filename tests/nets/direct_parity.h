// A direct network against reference values, on any backend.
#pragma once

#include "fixtures.h"
#include "restoration/direct_network.h"

namespace daclip::fixtures {

// Checks the names and shapes of a fixture's weights, then every case: the error is at most `share` of the largest
// value.
inline void check_direct_folder(Backend& backend, const fs::path& folder, const DirectNetwork& network, double share) {
  const Json json = read_json(folder / "config.json");
  const std::vector<WeightSpec> specs = network.weights();
  NamedArrays file = fixture_weights(folder, json, specs);
  if (json.value("weights", "") == "by name") {
    int64_t parameters = 0;
    for (const auto& [name, array] : file.arrays) parameters += int64_t(array.numel());
    EXPECT_EQ(parameters, json.at("params")) << folder;
  }
  if (const auto unused = network.type().unused)
    std::erase_if(file.arrays, [&](const auto& entry) { return unused(entry.first); });
  for (const WeightSpec& spec : specs) EXPECT_EQ(file.at(spec.name).shape, spec.shape) << spec.name;
  EXPECT_EQ(file.arrays.size(), specs.size());
  const Weights weights = upload(backend, file);

  const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
  int checked = 0;
  for (const auto& [name, array] : cases.arrays) {
    if (!name.ends_with(".in")) continue;
    const std::string tag = name.substr(0, name.size() - 3);
    Contexts contexts;
    if (cases.has(tag + ".degradation")) contexts.degradation = from_array(backend, cases.at(tag + ".degradation"));
    if (cases.has(tag + ".content")) contexts.content = from_array(backend, cases.at(tag + ".content"));
    const Tensor out = network.forward(backend, Scope(weights), from_nchw(backend, array), contexts);
    const std::vector<double> expected = cases.at(tag + ".out64").to_doubles();
    expect_close(to_nchw(backend, out), expected, tolerance(backend, share * largest(expected), expected),
                 cat(folder.filename().string(), ".", tag));
    ++checked;
  }
  EXPECT_GT(checked, 0) << folder;
}

}  // namespace daclip::fixtures
