// resize_8bit against Pillow's own results: golden/clip_preprocess (sources resized and centre-cropped to 224).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "image/resize.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

constexpr int kSize = 224;

FloatImage from_levels(const NamedArray& array) {
  FloatImage image(int(array.shape[1]), int(array.shape[0]), int(array.shape[2]));
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = float(array.bytes[i]) / 255.f;
  return image;
}

// torchvision's Resize(224): the shorter side becomes 224, the longer one is truncated.
FloatImage resize_shorter_side(const FloatImage& image) {
  const int shorter = std::min(image.width, image.height), longer = std::max(image.width, image.height);
  const int scaled = int(double(kSize) * longer / shorter);
  return image.width <= image.height ? resize_8bit(image, kSize, scaled) : resize_8bit(image, scaled, kSize);
}

TEST(ResizeGolden, equals_pillow_to_the_level) {
  const char* folder = std::getenv("DACLIP_GOLDEN_DIR");
  const auto path = std::filesystem::path(folder ? folder : "../shared/golden") / "clip_preprocess/cases.safetensors";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const NamedArrays cases = read_safetensors(path);
  const std::string ending = ".resized_cropped_u8";
  int compared = 0;
  for (const auto& [name, expected] : cases.arrays) {
    if (!name.ends_with(ending)) continue;
    const std::string stem = name.substr(0, name.size() - ending.size());
    const FloatImage source =
        from_levels(cases.at(stem + (cases.has(stem + ".source_u8") ? ".source_u8" : ".truncated_u8")));
    const FloatImage resized = resize_shorter_side(source);
    const int left = int(std::nearbyint((resized.width - kSize) / 2.0));  // half to even, as Python rounds
    const int top = int(std::nearbyint((resized.height - kSize) / 2.0));
    int different = 0;
    for (int y = 0; y < kSize; ++y)
      for (int x = 0; x < kSize; ++x)
        for (int c = 0; c < 3; ++c)
          different +=
              std::lround(resized.at(left + x, top + y, c) * 255) != expected.bytes[size_t((y * kSize + x) * 3 + c)];
    EXPECT_EQ(different, 0) << stem;
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace daclip
