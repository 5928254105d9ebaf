#include "metrics/brisque.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "pipeline/test_photo.h"

namespace daclip::test {
namespace {

class BrisqueTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/share/opencv4/quality/brisque_model_live.yml"))
      GTEST_SKIP() << "no model (package opencv-data)";
  }
};

TEST_F(BrisqueTest, finds_a_noisy_photo_less_natural) {
  const Brisque brisque;
  const FloatImage photo = to_rgb(test_photo(160, 120, 1));
  FloatImage noisy = photo;
  uint32_t state = 1;
  for (float& v : noisy.data)
    v += (float((state = state * 1664525u + 1013904223u) >> 8) / float(1 << 24) - 0.5f) * 0.6f;
  const double clean_score = brisque.score(photo), noisy_score = brisque.score(noisy);
  EXPECT_TRUE(std::isfinite(clean_score));
  EXPECT_GT(noisy_score, clean_score);
  EXPECT_LE(noisy_score, 100);
  EXPECT_EQ(brisque.score(photo), clean_score);
}

TEST_F(BrisqueTest, refuses_what_it_cannot_judge) {
  const Brisque brisque;
  EXPECT_THROW(brisque.score(FloatImage(15, 40, 3)), ShapeError);
  EXPECT_THROW(brisque.score(FloatImage(40, 40, 1)), ShapeError);
}

TEST(Brisque, names_the_missing_file) {
  try {
    Brisque("nowhere");
    FAIL() << "not refused";
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("nowhere/brisque_model_live.yml"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace daclip::test
