// MAXIM against reference values, on any backend.
#pragma once

#include "direct_parity.h"
#include "nets/maxim.h"

namespace daclip::fixtures {

inline MaximConfig maxim_config(const Json& json) {
  const Json& c = json.at("maxim");
  return {c.at("features"),    c.at("stages"),    c.at("levels"),   c.at("groups"),   c.at("bottlenecks"),
          c.at("high_levels"), c.at("high_side"), c.at("low_side"), c.at("reduction")};
}

// Returns false if `root` has no such fixture.
inline bool check_maxim(Backend& backend, const fs::path& root) {
  const std::vector<fs::path> folders = folders_with(root, "/maxim");
  for (const fs::path& folder : folders)
    check_direct_folder(backend, folder, *make_maxim(maxim_config(read_json(folder / "config.json"))), 1e-5);
  return !folders.empty();
}

}  // namespace daclip::fixtures
