#include "weights/named_arrays.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "weights/half.h"

namespace daclip {
namespace {

TEST(Half, every_f16_survives_the_way_through_float) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = f16_to_float(uint16_t(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(f16_to_float(float_to_f16(value))));
    } else {
      ASSERT_EQ(float_to_f16(value), bits);
    }
  }
}

TEST(Half, f16_values_are_what_ieee_754_says) {
  EXPECT_EQ(f16_to_float(0x3c00), 1.0f);
  EXPECT_EQ(f16_to_float(0xc000), -2.0f);
  EXPECT_EQ(f16_to_float(0x7bff), 65504.0f);
  EXPECT_EQ(f16_to_float(0x0001), 0x1.0p-24f);
  EXPECT_EQ(f16_to_float(0x0400), 0x1.0p-14f);
  EXPECT_EQ(f16_to_float(0x7c00), std::numeric_limits<float>::infinity());
}

TEST(Half, to_f16_rounds_to_nearest_even) {
  EXPECT_EQ(float_to_f16(1 + 0x1.0p-11f), 0x3c00);      // halfway: rounds down to even
  EXPECT_EQ(float_to_f16(1 + 3 * 0x1.0p-11f), 0x3c02);  // halfway: rounds up to even
  EXPECT_EQ(float_to_f16(1 + 0x1.0p-11f + 0x1.0p-20f), 0x3c01);
  EXPECT_EQ(float_to_f16(0x1.0p-25f), 0x0000);  // half of the smallest subnormal: rounds to even
  EXPECT_EQ(float_to_f16(1.5f * 0x1.0p-25f), 0x0001);
  EXPECT_EQ(float_to_f16(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_f16(-1e30f), 0xfc00);
}

TEST(Half, to_f16_is_never_further_than_its_neighbours) {
  for (uint32_t bits = 0x33000000; bits < 0x477fe000; bits += 0x1357) {  // 2^-25 to 65504
    const float value = std::bit_cast<float>(bits);
    const uint16_t half = float_to_f16(value);
    const double error = std::abs(double(f16_to_float(half)) - value);
    const uint16_t below = uint16_t(std::max(half - 1, 0)), above = uint16_t(std::min(half + 1, 0x7bff));
    ASSERT_LE(error, std::abs(double(f16_to_float(below)) - value));
    ASSERT_LE(error, std::abs(double(f16_to_float(above)) - value));
  }
}

TEST(Half, bf16_rounds_to_nearest_even_and_keeps_nan) {
  EXPECT_EQ(float_to_bf16(1.0f), 0x3f80);
  EXPECT_EQ(float_to_bf16(1 + 0x1.0p-8f), 0x3f80);
  EXPECT_EQ(float_to_bf16(1 + 3 * 0x1.0p-8f), 0x3f82);
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(bf16_to_float(0xc040), -3.0f);
}

TEST(NamedArray, converts_to_the_requested_type) {
  const std::vector<float> values = {0, 1.5f, -2, 1000};
  for (const ArrayType type : {ArrayType::f32, ArrayType::f16, ArrayType::bf16}) {
    const NamedArray array = make_array(values, {2, 2}, type);
    EXPECT_EQ(array.bytes.size(), 4 * element_size(type));
    EXPECT_EQ(array.to_floats(), values);
    EXPECT_EQ(array.to_doubles(), std::vector<double>(values.begin(), values.end()));
    EXPECT_THROW(array.to_ints(), FormatError);
  }
}

TEST(NamedArray, refuses_data_that_does_not_fit_the_shape) {
  EXPECT_THROW(make_array(std::vector<float>(3), {2, 2}), ShapeError);
  EXPECT_THROW(make_array(std::vector<float>(1), {-1}), FormatError);
  EXPECT_THROW(make_array(std::vector<float>(1), {1}, ArrayType::i64), UsageError);
}

TEST(NamedArrays, a_missing_tensor_is_named) {
  try {
    NamedArrays().at("intro.weight");
    FAIL();
  } catch (const WeightsError& error) {
    EXPECT_NE(std::string(error.what()).find("intro.weight"), std::string::npos);
  }
}

}  // namespace
}  // namespace daclip
