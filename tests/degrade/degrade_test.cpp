// Properties of all ten degradations, and the parsing of their names and parameters.
#include "degrade/degrade.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "core/labels.h"
#include "degrade/kinds.h"
#include "pictures.h"

namespace daclip {
namespace {

constexpr Severity kSeverities[] = {Severity::paper, Severity::training};

class EveryKind : public testing::TestWithParam<std::string_view> {
 protected:
  DegradeSpec spec() const { return parse_degrade_spec(GetParam()); }
};

TEST_P(EveryKind, gives_the_same_pixels_for_the_same_seed) {
  const FloatImage gt = ramps(83, 57);
  for (Severity severity : kSeverities)
    for (uint64_t seed : {0ULL, 5ULL, 1ULL << 40})
      EXPECT_EQ(degrade(gt, spec(), seed, severity).data, degrade(gt, spec(), seed, severity).data);
}

TEST_P(EveryKind, gives_other_pixels_for_another_seed) {
  if (GetParam() == "jpeg-compressed") GTEST_SKIP() << "at the paper's severity nothing about JPEG is random";
  const FloatImage gt = ramps(83, 57);
  EXPECT_NE(degrade(gt, spec(), 1).data, degrade(gt, spec(), 2).data);
}

TEST_P(EveryKind, keeps_size_and_range_at_odd_sizes) {
  const int sizes[][2] = {{1, 1}, {1, 7}, {7, 1}, {2, 2}, {3, 5}, {16, 1}, {17, 33}, {64, 9}, {5, 130}};
  for (const auto& [width, height] : sizes)
    for (Severity severity : kSeverities)
      for (uint64_t seed = 0; seed < 6; ++seed) {
        const FloatImage out = degrade(ramps(width, height), spec(), seed, severity);
        ASSERT_EQ(out.width, width);
        ASSERT_EQ(out.height, height);
        ASSERT_EQ(out.channels, 3);
        for (float v : out.data) ASSERT_TRUE(v >= 0.f && v <= 1.f) << width << "x" << height << ": " << v;
      }
}

TEST_P(EveryKind, keeps_the_range_on_black_and_white) {
  for (float value : {0.f, 1.f})
    for (uint64_t seed = 0; seed < 4; ++seed)
      for (float v : degrade(FloatImage(40, 30, 3, value), spec(), seed, Severity::training).data)
        ASSERT_TRUE(v >= 0.f && v <= 1.f) << v;
}

TEST_P(EveryKind, changes_a_photo_visibly) {
  const FloatImage gt = ramps(200, 160);
  EXPECT_LT(psnr(degrade(gt, spec(), 3), gt), 45);
}

TEST_P(EveryKind, accepts_each_parameter_at_the_ends_of_its_range) {
  const FloatImage gt = ramps(24, 20);
  ASSERT_FALSE(degrade_params(GetParam()).empty());
  for (const DegradeParam& param : degrade_params(GetParam())) {
    EXPECT_FALSE(param.help.empty());
    for (double value : {param.minimum, param.maximum}) {
      DegradeSpec fixed = spec();
      fixed.params[param.name] = value;
      for (float v : degrade(gt, fixed, 1).data) ASSERT_TRUE(v >= 0.f && v <= 1.f) << param.name << "=" << value;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Degrade, EveryKind, testing::ValuesIn(kLabels.begin(), kLabels.begin() + kDegradationCount),
                         [](const auto& kind) {
                           std::string name(kind.param);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// The message of the UsageError that parsing throws.
std::string refusal(std::string_view text) {
  try {
    parse_degrade_spec(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

double mean_of(const FloatImage& image, int left, int top, int side) {
  double sum = 0;
  for (int y = top; y < top + side; ++y)
    for (int x = left; x < left + side; ++x)
      for (int c = 0; c < 3; ++c) sum += double(image.at(x, y, c));
  return sum / (3.0 * side * side);
}

TEST(LowLight, keeps_a_bright_sky_against_the_light) {
  FloatImage gt(120, 120, 3, 0.35f);
  for (int y = 0; y < 60; ++y)
    for (int i = 0; i < 360; ++i) gt.row(y)[i] = 0.95f;
  const auto dark = [&](const char* backlight) {
    return degrade(gt, parse_degrade_spec(cat("low-light:exposure=-3,falloff=0,contrast=1,backlight=", backlight)), 4);
  };
  EXPECT_LT(mean_of(dark("0"), 50, 10, 20), 0.5);
  EXPECT_GT(mean_of(dark("3"), 50, 10, 20), 0.85);
  EXPECT_NEAR(mean_of(dark("3"), 50, 90, 20), mean_of(dark("0"), 50, 90, 20), 0.02);
}

TEST(LowLight, keeps_white_and_drowns_shadows_at_a_high_contrast) {
  const auto of = [](float value, const char* contrast) {
    const FloatImage gt(40, 40, 3, value);
    return mean_of(
        degrade(gt, parse_degrade_spec(cat("low-light:exposure=0,gamma=1,falloff=0,contrast=", contrast)), 4), 0, 0,
        40);
  };
  EXPECT_NEAR(of(1, "2.5"), of(1, "1"), 0.02);
  EXPECT_LT(of(0.4f, "2.5"), 0.3 * of(0.4f, "1"));
}

TEST(LowLight, lights_lamps_in_the_dark) {
  const FloatImage gt(160, 120, 3, 0.6f);
  const FloatImage none = degrade(gt, parse_degrade_spec("low-light:exposure=-6,falloff=0,lamps=0"), 4);
  const FloatImage three = degrade(gt, parse_degrade_spec("low-light:exposure=-6,falloff=0,lamps=3"), 4);
  EXPECT_LT(*std::max_element(none.data.begin(), none.data.end()), 0.2f);
  EXPECT_GT(*std::max_element(three.data.begin(), three.data.end()), 0.5f);
  std::vector<float> sorted = three.data;
  std::nth_element(sorted.begin(), sorted.begin() + std::ptrdiff_t(sorted.size() / 10), sorted.end());
  EXPECT_LT(sorted[sorted.size() / 10], 0.2f);  // dark away from the lamps
}

TEST(DegradeSpec, reads_kind_and_parameters) {
  EXPECT_EQ(parse_degrade_spec("rainy").kind, "rainy");
  EXPECT_TRUE(parse_degrade_spec("rainy").params.empty());
  const DegradeSpec spec = parse_degrade_spec("noisy:sigma=12.5,grain=0");
  EXPECT_EQ(spec.kind, "noisy");
  EXPECT_EQ(spec.params, (std::map<std::string, double>{{"sigma", 12.5}, {"grain", 0}}));
}

TEST(DegradeSpec, refuses_unknown_kinds_and_names_the_known) {
  for (const char* text : {"", "foggy", "clean", "Noisy", ":sigma=1"}) {
    const std::string message = refusal(text);
    for (int i = 0; i < kDegradationCount; ++i)
      EXPECT_NE(message.find(kLabels[size_t(i)]), std::string::npos) << text << " -> " << message;
  }
}

TEST(DegradeSpec, refuses_unknown_parameters_and_names_the_known) {
  const std::string message = refusal("noisy:sgima=5");
  EXPECT_NE(message.find("sgima"), std::string::npos) << message;
  EXPECT_NE(message.find("sigma"), std::string::npos) << message;
  EXPECT_NE(message.find("grain"), std::string::npos) << message;
}

TEST(DegradeSpec, refuses_values_out_of_range_and_names_the_range) {
  for (const char* text : {"jpeg-compressed:quality=0", "jpeg-compressed:quality=101"}) {
    const std::string message = refusal(text);
    EXPECT_NE(message.find("1 to 100"), std::string::npos) << message;
  }
}

TEST(DegradeSpec, refuses_values_that_are_not_numbers) {
  for (const char* text :
       {"noisy:sigma=", "noisy:sigma=a", "noisy:sigma=5x", "noisy:sigma=nan", "noisy:sigma=inf", "noisy:sigma=1e999",
        "noisy:sigma", "noisy:", "noisy:sigma=5,", "noisy:,sigma=5", "noisy:sigma=5,sigma=6", "noisy:sigma= 5"})
    EXPECT_NE(refusal(text), "") << text;
}

TEST(Degrade, refuses_bad_specifications_made_by_hand) {
  const FloatImage gt = ramps(8, 8);
  EXPECT_THROW(degrade(gt, DegradeSpec{"foggy", {}}, 0), UsageError);
  EXPECT_THROW(degrade(gt, DegradeSpec{"noisy", {{"beta", 1}}}, 0), UsageError);
  EXPECT_THROW(degrade(gt, DegradeSpec{"noisy", {{"sigma", -1}}}, 0), UsageError);
}

TEST(Degrade, refuses_pictures_that_are_not_rgb) {
  EXPECT_THROW(degrade(FloatImage(8, 8, 1), DegradeSpec{"noisy", {}}, 0), ShapeError);
  EXPECT_THROW(degrade(FloatImage(8, 8, 4), DegradeSpec{"noisy", {}}, 0), ShapeError);
  EXPECT_THROW(degrade(FloatImage(), DegradeSpec{"noisy", {}}, 0), ShapeError);
}

TEST(Degrade, draws_the_same_rest_when_a_parameter_is_given) {
  // The noise field must not depend on whether sigma was drawn or given.
  const FloatImage gt(32, 32, 3, 0.5f);
  const FloatImage weak = degrade(gt, parse_degrade_spec("noisy:sigma=5,grain=0"), 9, Severity::training);
  const FloatImage strong = degrade(gt, parse_degrade_spec("noisy:sigma=10,grain=0"), 9, Severity::training);
  for (size_t i = 0; i < gt.data.size(); ++i) EXPECT_NEAR(2 * (weak.data[i] - 0.5f), strong.data[i] - 0.5f, 1e-5f);
}

}  // namespace
}  // namespace daclip
