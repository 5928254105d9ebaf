// Checkpoints of the reference implementation hold the same weights as their safetensors copies.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "weights/safetensors.h"
#include "weights/state_dict.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

fs::path golden_root() {
  const char* root = std::getenv("DACLIP_GOLDEN_DIR");
  return root ? root : "../shared/golden";
}

// Compares every .pt and .pth file with the weights.safetensors beside it. Additional tensors must be aliases listed in
// config.json.
TEST(CheckpointGolden, every_checkpoint_holds_exactly_the_weights) {
  int checked = 0;
  if (fs::is_directory(golden_root()))
    for (const auto& file : fs::recursive_directory_iterator(golden_root())) {
      const fs::path folder = file.path().parent_path();
      if (file.path().extension() != ".pt" && file.path().extension() != ".pth") continue;
      if (!fs::exists(folder / "weights.safetensors")) continue;
      SCOPED_TRACE(file.path().string());
      const NamedArrays expected = read_safetensors(folder / "weights.safetensors");
      const StateDict found = read_state_dict(file.path());
      std::ifstream stream(folder / "config.json");
      const nlohmann::json aliases = nlohmann::json::parse(stream).value("aliases", nlohmann::json::object());
      for (const auto& [name, array] : expected.arrays) {
        ASSERT_TRUE(found.arrays.has(name)) << name;
        EXPECT_EQ(found.arrays.at(name).shape, array.shape) << name;
        EXPECT_EQ(found.arrays.at(name).to_doubles(), array.to_doubles()) << name;
      }
      for (const auto& [alias, name] : aliases.items()) {
        ASSERT_TRUE(found.arrays.has(alias)) << alias;
        EXPECT_EQ(found.arrays.at(alias).bytes.data(), found.arrays.at(name.get<std::string>()).bytes.data()) << alias;
      }
      EXPECT_EQ(found.arrays.arrays.size(), expected.arrays.size() + aliases.size());
      ++checked;
    }
  if (checked == 0) GTEST_SKIP() << "no checkpoints in " << golden_root();
  RecordProperty("checkpoints", checked);
}

}  // namespace
}  // namespace daclip
