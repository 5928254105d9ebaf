// Parity with golden/degrade: kernels, filtering and OpenCV's resampling of the wild degradations.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <numbers>

#include "degrade/blur_kernels.h"
#include "pictures.h"
#include "weights/safetensors.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class WildGolden : public testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("DACLIP_GOLDEN_DIR");
    const fs::path file = fs::path(root ? root : "../shared/golden") / "degrade" / "cases.safetensors";
    if (!fs::exists(file)) GTEST_SKIP() << file << " is not there";
    cases_ = read_safetensors(file);
  }

  void compare(const std::string& name, const BlurKernel& kernel, double tolerance) {
    const NamedArray& expected = cases_.at("kernel." + name);
    ASSERT_EQ(expected.shape[0], kernel.size) << name;
    const std::vector<double> weights = expected.to_doubles();
    for (size_t i = 0; i < weights.size(); ++i)
      ASSERT_NEAR(kernel.weights[i], weights[i], tolerance) << name << " " << i;
  }

  FloatImage picture(const std::string& name) {
    const NamedArray& array = cases_.at(name);
    FloatImage image(int(array.shape[1]), int(array.shape[0]), int(array.shape[2]));
    image.data = array.to_floats();
    return image;
  }

  NamedArrays cases_;
};

TEST_F(WildGolden, smooth_kernels) {
  compare("gauss_iso_21_1.3", gaussian_kernel(21, 1.3, 1.3, 0), 1e-12);
  compare("gauss_aniso_15_2.0_0.7_0.6", gaussian_kernel(15, 2.0, 0.7, 0.6), 1e-12);
  compare("ggauss_aniso_15_2.0_0.7_0.6_b0.8", gaussian_kernel(15, 2.0, 0.7, 0.6, 0.8), 1e-12);
  compare("ggauss_aniso_7_0.4_0.4_0_b0.8", gaussian_kernel(7, 0.4, 0.4, 0, 0.8), 1e-12);
  compare("plateau_aniso_15_2.0_0.7_0.6_b1.3", plateau_kernel(15, 2.0, 0.7, 0.6, 1.3), 1e-12);
  compare("plateau_aniso_21_1.3_1.3_0.0_b1.3", plateau_kernel(21, 1.3, 1.3, 0, 1.3), 1e-12);
  compare("sinc_7_1.570796", sinc_kernel(7, std::numbers::pi / 2), 1e-12);
  compare("sinc_21_0.785398", sinc_kernel(21, std::numbers::pi / 4), 1e-12);
}

TEST_F(WildGolden, discs_boxes_and_lines) {
  for (int size : {5, 7, 9, 13, 19}) {
    compare("defocus_" + std::to_string(size), disc_kernel(size), 1e-7);
    compare("box_" + std::to_string(size), box_kernel(size), 1e-7);
  }
  compare("line_9_45", line_kernel(9, 45), 1e-7);
  compare("line_9_0", line_kernel(9, 0), 1e-7);
  compare("line_11_26", line_kernel(11, 26), 1e-7);
  compare("line_7_90", line_kernel(7, 90), 1e-7);
}

TEST_F(WildGolden, filtering_and_resampling_as_opencv) {
  const FloatImage in = picture("in_bgr_f32");
  EXPECT_LT(largest_difference(filter(in, gaussian_kernel(15, 2.0, 0.7, 0.6)), picture("filter2D.out_bgr_f32")), 2e-6f);
  const auto resized = [&](const char* name, CvFilter filter) {
    const FloatImage down = picture(std::string("resize_") + name + "_down.out");
    const FloatImage up = picture(std::string("resize_") + name + "_up.out");
    const float tolerance = filter == CvFilter::cubic ? 1e-5f : 2e-6f;
    EXPECT_LT(largest_difference(cv_resize(in, down.width, down.height, filter), down), tolerance) << name;
    EXPECT_LT(largest_difference(cv_resize(in, up.width, up.height, filter), up), tolerance) << name;
  };
  resized("area", CvFilter::area);
  resized("linear", CvFilter::linear);
  resized("cubic", CvFilter::cubic);
}

}  // namespace
}  // namespace daclip
