#include "pipeline/preprocess.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "pipeline/test_photo.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

constexpr float kMean[] = {0.48145466f, 0.4578275f, 0.40821073f};
constexpr float kDeviation[] = {0.26862954f, 0.26130258f, 0.27577711f};

PreprocessConfig mosaic_config() { return {PreprocessConfig::Kind::mosaic, 192, 96, 48}; }

float shown(const FloatImage& square, int x, int y, int c) { return square.at(x, y, c) * kDeviation[c] + kMean[c]; }

TEST(Preprocess, mosaic_shows_native_luma_on_multiples_of_eight) {
  const FloatImage photo = test::test_scene(400, 300);
  const FloatImage square = clip_input(photo, mosaic_config());
  ASSERT_EQ(square.width, 192);
  // The first native tile is to the right of the global view. Locate it in the photo.
  bool found = false;
  for (int top = 0; top + 48 <= 300 && !found; top += 8)
    for (int left = 0; left + 48 <= 400 && !found; left += 8) {
      double worst = 0;
      for (int y = 0; y < 48; ++y)
        for (int x = 0; x < 48; ++x) {
          const float* rgb = &photo.data[size_t((top + y) * 400 + left + x) * 3];
          worst = std::max(
              worst, std::abs(double(shown(square, 96 + x, y, 0)) - 0.299 * rgb[0] - 0.587 * rgb[1] - 0.114 * rgb[2]));
        }
      found = worst < 1e-5;
    }
  EXPECT_TRUE(found);
}

TEST(Preprocess, mosaic_spectra_of_a_flat_photo_have_one_coefficient_and_noise_fills_all) {
  FloatImage flat(96, 96, 3, 0.5f), noisy = flat;
  for (size_t i = 0; i < noisy.data.size(); ++i) noisy.data[i] += ((i * 2654435761u >> 16) & 255) / 255.f - 0.5f;
  const FloatImage flat_square = clip_input(flat, mosaic_config()), noisy_square = clip_input(noisy, mosaic_config());
  // The DC coefficient of a 16x16 block of 0.5 is 8; all others are 0.
  EXPECT_NEAR(shown(flat_square, 96, 0, 1), (std::log(8.001) + 7) / 10, 1e-4);
  EXPECT_NEAR(shown(flat_square, 97, 1, 1), (std::log(0.001) + 7) / 10, 1e-3);
  int larger = 0;
  for (int i = 1; i < 256; ++i) {
    const int x = 96 + i % 16, y = i / 16;
    larger += shown(noisy_square, x, y, 1) > shown(flat_square, x, y, 1) + 0.1f;
  }
  EXPECT_GT(larger, 240);
}

TEST(Preprocess, noise_raises_the_spectra_of_a_flat_photo) {
  FloatImage flat(200, 200, 3, 0.5f), noisy = flat;
  Random random(1);
  for (float& v : noisy.data) v += float(0.1 * random.normal());
  const auto mean_spectrum = [](const FloatImage& square) {
    double sum = 0;
    for (int y = 0; y < 48; ++y)
      for (int x = 0; x < 48; ++x)
        for (int c = 1; c < 3; ++c) sum += double(shown(square, 96 + x, y, c));
    return sum / (48 * 48 * 2);
  };
  EXPECT_GT(mean_spectrum(clip_input(noisy, mosaic_config())), mean_spectrum(clip_input(flat, mosaic_config())) + 0.3);
}

TEST(Preprocess, texture_map_distinguishes_blurred_shadowed_and_blank_parts) {
  const PreprocessConfig config{PreprocessConfig::Kind::mosaic, 192, 96, 48, 96};
  FloatImage photo(384, 384, 3);
  Random random(3);
  for (int y = 0; y < 384; ++y)
    for (int x = 0; x < 384; ++x) {
      const float light = x < 96 ? 0.2f : 0.6f;  // two surfaces of different brightness
      const float grain = x < 192 ? float(random.uniform(-0.1, 0.1)) : 0.f;
      const float shadow = y < 192 ? 1.f : 0.25f;
      for (int c = 0; c < 3; ++c) photo.at(x, y, c) = x >= 288 ? 1.f : (light + grain * light) * shadow;
    }
  const FloatImage square = clip_input(photo, config);
  // The map's position (x,y) is at pixel (96 + x, 96 + y) of the square and shows the photo near (4x, 4y).
  const auto seen = [&](int x, int y, int c) {
    double sum = 0;
    for (int dy = -4; dy <= 4; ++dy)
      for (int dx = -4; dx <= 4; ++dx) sum += double(shown(square, 96 + x + dx, 96 + y + dy, c)) / 81;
    return sum;
  };
  EXPECT_GT(seen(36, 24, 0), seen(60, 24, 0) + 0.3);  // grain against a smooth surface
  EXPECT_NEAR(seen(84, 24, 0), (std::log(0.001) + 7) / 7, 1e-3);
  // the same step on both surfaces
  EXPECT_NEAR(seen(12, 24, 1) - seen(12, 72, 1), seen(36, 24, 1) - seen(36, 72, 1), 0.05);
  EXPECT_GT(seen(12, 24, 1) - seen(12, 72, 1), 0.2);
  EXPECT_NEAR(seen(84, 24, 2), 1, 1e-3);
}

TEST(Preprocess, every_size_and_shape_gives_a_finite_square) {
  for (const auto& config : {mosaic_config(), PreprocessConfig{PreprocessConfig::Kind::mosaic, 96, 32, 32, 64},
                             PreprocessConfig{PreprocessConfig::Kind::clip, 64, 0, 0}})
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 300}, {300, 1}, {47, 49}, {3000, 2}, {193, 191}}) {
      const FloatImage square = clip_input(test::test_scene(width, height), config);
      ASSERT_EQ(square.data.size(), size_t(config.size) * size_t(config.size) * 3);
      for (const float v : square.data) ASSERT_TRUE(std::isfinite(v)) << width << "x" << height;
    }
}

TEST(Preprocess, a_large_photo_gives_nearly_the_same_input_as_its_float_version) {
  const Image photo = test::test_photo(2500, 1700);
  PreprocessConfig config = mosaic_config();
  config.texture = 48;
  const FloatImage in_parts = clip_input(photo, config), at_once = clip_input(to_rgb(photo), config);
  EXPECT_GT(test::psnr(in_parts, at_once), 35);
}

std::filesystem::path golden_folder() {
  const char* folder = std::getenv("DACLIP_GOLDEN_DIR");
  return folder ? folder : "../shared/golden";
}

TEST(GoldenClipPreprocess, equals_pillow_within_a_level) {
  const std::filesystem::path file = golden_folder() / "clip_preprocess" / "cases.safetensors";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is absent";
  const NamedArrays cases = read_safetensors(file);
  int seen = 0;
  for (const auto& [name, source] : cases.arrays) {
    const bool bytes = name.ends_with(".source_u8");
    if (!bytes && !name.ends_with(".source_f32")) continue;
    const std::string base = name.substr(0, name.rfind('.'));
    const NamedArray& expected = cases.at(base + ".resized_cropped_u8");
    FloatImage rgb(int(source.shape[1]), int(source.shape[0]), 3);
    rgb.data = source.to_floats();
    // Adds half a level, so that clip_input's truncation to 8 bit recovers the reference's bytes.
    if (bytes)
      for (float& v : rgb.data) v = (v + 0.5f) / 255.f;
    const FloatImage square = clip_input(rgb, {PreprocessConfig::Kind::clip, int(expected.shape[0]), 0, 0});
    const std::vector<float> levels = expected.to_floats();
    ASSERT_EQ(square.data.size(), levels.size()) << base;
    double worst = 0;
    for (size_t i = 0; i < levels.size(); ++i) {
      const double level = (double(square.data[i]) * kDeviation[i % 3] + kMean[i % 3]) * 255;
      worst = std::max(worst, std::abs(level - double(levels[i])));
    }
    EXPECT_LT(worst, 0.01) << base;
    ++seen;
  }
  EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace daclip
