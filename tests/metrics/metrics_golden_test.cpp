// PSNR and SSIM against values of the published evaluation, in golden/metrics.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "metrics/psnr.h"
#include "metrics/ssim.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

FloatImage from_levels(const NamedArray& array) {
  FloatImage image(int(array.shape[1]), int(array.shape[0]), int(array.shape[2]));
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = float(array.bytes[i]) / 255.f;
  return image;
}

TEST(MetricsGolden, equal_the_published_evaluation) {
  const char* set = std::getenv("DACLIP_GOLDEN_DIR");
  const auto folder = std::filesystem::path(set ? set : "../shared/golden") / "metrics";
  if (!std::filesystem::exists(folder / "psnr_ssim.json")) GTEST_SKIP() << folder << " is not there";
  const NamedArrays cases = read_safetensors(folder / "cases.safetensors");
  std::ifstream file(folder / "psnr_ssim.json");
  const nlohmann::json pairs = nlohmann::json::parse(file);
  ASSERT_FALSE(pairs.empty());
  for (const auto& pair : pairs) {
    const std::string name = pair.at("name");
    if (!cases.has(name + ".a_rgb")) {  // an image compared with itself, stored without pictures
      EXPECT_EQ(pair.at("psnr"), "inf");
      const FloatImage same(16, 16, 3, 0.25f);
      EXPECT_EQ(psnr(same, same), HUGE_VAL);
      EXPECT_NEAR(ssim(same, same), pair.at("ssim"), 1e-9);
      continue;
    }
    const FloatImage a = from_levels(cases.at(name + ".a_rgb")), b = from_levels(cases.at(name + ".b_rgb"));
    const auto expect = [&](const std::string& key, double value) {
      if (!pair.contains(key)) return;
      const double expected = pair.at(key);
      EXPECT_NEAR(value, expected, 1e-9 * std::abs(expected)) << name << " " << key;
    };
    for (const int crop : {0, 4}) {
      const std::string suffix = "_crop" + std::to_string(crop);
      expect("psnr" + suffix, psnr(a, b, crop));
      expect("ssim" + suffix, ssim(a, b, crop));
      expect("psnr_y" + suffix, psnr_y(a, b, crop));
      expect("ssim_y" + suffix, ssim_y(a, b, crop));
    }
    expect("psnr_u8", psnr(a, b));
    expect("ssim_u8", ssim(a, b));
  }
}

}  // namespace
}  // namespace daclip
