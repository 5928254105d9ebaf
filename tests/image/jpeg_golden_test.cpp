// JPEG decoding against the decoded pictures of golden/degrade.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "image/io.h"
#include "pictures.h"

namespace daclip {
namespace {

TEST(JpegGolden, decodes_to_the_reference_levels) {
  const char* set = std::getenv("DACLIP_GOLDEN_DIR");
  const auto folder = std::filesystem::path(set ? set : "../shared/golden") / "degrade";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".jpg") continue;
    auto decoded = entry.path();
    decoded.replace_extension(".png");
    if (!std::filesystem::exists(decoded)) continue;
    EXPECT_EQ(max_difference(read_image(entry.path()), read_image(decoded)), 0) << entry.path();
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace daclip
