#include "core/text.h"

#include <gtest/gtest.h>

#include <vector>

namespace daclip {
namespace {

TEST(Fixed, has_as_many_decimals_as_asked_for) {
  EXPECT_EQ(fixed(27.4251, 2), "27.43");
  EXPECT_EQ(fixed(-0.5, 0), "-0");
  EXPECT_EQ(fixed(1e300, 1).size(), 303u);
}

TEST(Joined, separates_words_and_the_last_one_as_asked_for) {
  const std::vector<std::string> words = {"a", "b", "c"};
  EXPECT_EQ(joined(words), "a, b, c");
  EXPECT_EQ(joined(words, ", ", " or "), "a, b or c");
  EXPECT_EQ(joined(std::vector<std::string>{"a", "b"}, ", ", " or "), "a or b");
  EXPECT_EQ(joined(std::vector<std::string>{"a"}, ", ", " or "), "a");
  EXPECT_EQ(joined(std::vector<std::string>{}), "");
}

}  // namespace
}  // namespace daclip
