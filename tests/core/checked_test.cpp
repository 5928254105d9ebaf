#include "core/checked.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace daclip {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

uint64_t numel(const std::vector<int64_t>& shape) { return checked_numel(shape, "tensor"); }

TEST(Checked, products_and_sums_up_to_64_bits_are_exact) {
  EXPECT_EQ(checked_mul(uint64_t(1) << 32, (uint64_t(1) << 32) - 1, "size"), kMost - 0xffffffff);
  EXPECT_EQ(checked_mul(kMost, 1, "size"), kMost);
  EXPECT_EQ(checked_mul(kMost, 0, "size"), 0u);
  EXPECT_EQ(checked_add(kMost - 1, 1, "size"), kMost);
}

TEST(Checked, overflow_is_a_limit_error_that_names_the_size) {
  EXPECT_THROW(checked_mul(uint64_t(1) << 32, uint64_t(1) << 32, "size"), LimitError);
  try {
    checked_add(kMost, 1, "end of the tensor");
    FAIL() << "wrapped around";
  } catch (const LimitError& error) {
    EXPECT_NE(std::string(error.what()).find("end of the tensor"), std::string::npos) << error.what();
  }
}

TEST(Checked, elements_of_a_shape_are_counted) {
  EXPECT_EQ(numel({}), 1u);
  EXPECT_EQ(numel({2, 3, 4}), 24u);
  EXPECT_EQ(numel({5, 0, 7}), 0u);
}

TEST(Checked, impossible_shapes_are_refused) {
  EXPECT_THROW(numel({2, -1}), FormatError);
  EXPECT_THROW(numel({0, -1}), FormatError) << "a zero does not hide it";
  EXPECT_THROW(numel({int64_t(1) << 62, 8}), LimitError);
}

}  // namespace
}  // namespace daclip
