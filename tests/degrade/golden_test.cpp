// Parity with golden/degrade: JPEG by OpenCV, noise with a given field, masks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "degrade/degrade.h"
#include "degrade/noise.h"
#include "image/io.h"
#include "pictures.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class DegradeGolden : public testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("DACLIP_GOLDEN_DIR");
    folder_ = fs::path(root ? root : "../shared/golden") / "degrade";
    if (!fs::exists(folder_ / "src.png")) GTEST_SKIP() << folder_ << " is not there";
  }
  FloatImage photo(const std::string& name) const { return to_rgb(read_image(folder_ / name)); }

  fs::path folder_;
};

// Values (height, width, BGR) as an RGB image.
FloatImage from_bgr(const NamedArray& array) {
  FloatImage image(int(array.shape[1]), int(array.shape[0]), 3);
  const std::vector<float> values = array.to_floats();
  for (size_t i = 0; i < values.size(); ++i) image.data[i / 3 * 3 + (2 - i % 3)] = values[i];
  return image;
}

// Means over the areas covered by the small picture's pixels, like OpenCV's INTER_AREA, for any ratio of sizes.
FloatImage reduce_by_area(const FloatImage& image, int width, int height) {
  FloatImage out(width, height, 1);
  const double step_x = double(image.width) / width, step_y = double(image.height) / height;
  const auto overlap = [](double low, double high, int i) {
    return std::min(high, i + 1.0) - std::max(low, double(i));
  };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (int v = int(y * step_y); v < std::min<double>(image.height, (y + 1) * step_y); ++v)
        for (int u = int(x * step_x); u < std::min<double>(image.width, (x + 1) * step_x); ++u)
          sum +=
              image.at(u, v, 0) * overlap(y * step_y, (y + 1) * step_y, v) * overlap(x * step_x, (x + 1) * step_x, u);
      out.at(x, y, 0) = float(sum / (step_x * step_y));
    }
  return out;
}

TEST_F(DegradeGolden, jpeg_equals_opencv_to_the_level) {
  const FloatImage source = photo("src.png");
  int compared = 0;
  for (int quality = 1; quality <= 100; ++quality) {
    const std::string name = "jpeg_q" + std::to_string(quality) + ".png";
    if (!fs::exists(folder_ / name)) continue;
    const FloatImage got = degrade(source, DegradeSpec{"jpeg-compressed", {{"quality", quality}}}, 0);
    EXPECT_LT(largest_difference(got, photo(name)), 0.5f / 255) << name;
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST_F(DegradeGolden, noise_equals_the_reference_with_its_field) {
  const NamedArrays cases = read_safetensors(folder_ / "cases.safetensors");
  FloatImage got = add_noise(photo("src.png"), from_bgr(cases.at("noise.randn_bgr_hwc_f32")), 50);
  got.clamp();
  EXPECT_LT(largest_difference(got, from_bgr(cases.at("noise.out_bgr_f32"))), 1e-6f);
}

TEST_F(DegradeGolden, masks_leave_white_holes) {
  int compared = 0;
  for (int i = 0; fs::exists(folder_ / ("mask" + std::to_string(i) + ".png")); ++i) {
    const FloatImage mask = photo("mask" + std::to_string(i) + ".png");
    FloatImage grey(mask.width, mask.height, 1);
    for (size_t k = 0; k < grey.data.size(); ++k) grey.data[k] = mask.data[3 * k];
    for (const auto& [source, kind] :
         {std::pair("masked_src_square.png", "masked_square_"), {"src.png", "masked_rect_"}}) {
      const FloatImage gt = photo(source);
      const FloatImage got = apply_mask(gt, reduce_by_area(grey, gt.width, gt.height));
      EXPECT_LT(largest_difference(got, photo(kind + std::to_string(i) + ".png")), 1.6f / 255) << kind << i;
      ++compared;
    }
  }
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace daclip
