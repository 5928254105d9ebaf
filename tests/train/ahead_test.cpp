#include "train/ahead.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace daclip {
namespace {

TEST(Ahead, gives_each_step_its_own_batch_and_makes_none_twice) {
  std::vector<int64_t> made;
  {
    Ahead<int64_t> batches([&](int64_t step) {
      made.push_back(step);
      return 10 * step;
    });
    for (int64_t step = 3; step < 7; ++step) EXPECT_EQ(batches.get(step), 10 * step);
    EXPECT_EQ(batches.get(20), 200);  // 7 was made for nothing
  }
  EXPECT_EQ(made, (std::vector<int64_t>{3, 4, 5, 6, 7, 20, 21}));
}

TEST(Ahead, passes_on_a_failure_at_its_own_step) {
  Ahead<int> batches([](int64_t step) { return step == 1 ? throw std::runtime_error("no photo") : int(step); });
  EXPECT_EQ(batches.get(0), 0);
  EXPECT_THROW(batches.get(1), std::runtime_error);
  EXPECT_EQ(batches.get(2), 2);
}

}  // namespace
}  // namespace daclip
