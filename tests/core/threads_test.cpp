#include "core/threads.h"

#include <gtest/gtest.h>

namespace daclip {
namespace {

TEST(ThreadsOrAll, takes_a_wish_and_else_as_many_as_there_are) {
  EXPECT_EQ(threads_or_all(3), 3);
  EXPECT_GE(threads_or_all(0), 1);
  EXPECT_EQ(threads_or_all(-1), threads_or_all(0));
}

}  // namespace
}  // namespace daclip
