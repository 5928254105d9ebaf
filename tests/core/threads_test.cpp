#include "core/threads.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

namespace daclip {
namespace {

TEST(ThreadsOrAll, takes_a_wish_and_else_as_many_as_there_are) {
  EXPECT_EQ(threads_or_all(3), 3);
  EXPECT_GE(threads_or_all(0), 1);
  EXPECT_EQ(threads_or_all(-1), threads_or_all(0));
}

TEST(ForEachIndex, calls_once_for_each_index_whatever_the_threads) {
  for (const int threads : {-1, 1, 2, 7}) {
    std::vector<std::atomic<int>> calls(100);
    for_each_index(calls.size(), threads, [&](size_t i) { ++calls[i]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1) << threads << " threads";
  }
  for_each_index(0, 3, [](size_t) { ADD_FAILURE() << "nothing to do"; });
}

TEST(ForEachIndex, on_one_thread_keeps_the_order_and_the_callers_thread) {
  std::vector<size_t> order;
  const auto caller = std::this_thread::get_id();
  for_each_index(5, 1, [&](size_t i) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    order.push_back(i);
  });
  EXPECT_EQ(order, (std::vector<size_t>{0, 1, 2, 3, 4}));
}

TEST(ForEachIndex, works_on_several_indices_at_a_time) {
  std::atomic<int> inside = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for_each_index(3, 3, [&](size_t) {
    ++inside;  // stays until the others have come
    while (inside < 3 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(inside, 3);
  });
}

TEST(ForEachIndex, passes_the_first_exception_on_and_begins_no_further_call) {
  size_t calls = 0;
  EXPECT_THROW(for_each_index(100, 1,
                              [&](size_t i) {
                                ++calls;
                                if (i == 3) throw std::out_of_range("three");
                              }),
               std::out_of_range);
  EXPECT_EQ(calls, 4u);
}

TEST(ForEachIndex, ends_the_calls_in_progress_before_it_throws) {
  std::atomic<int> begun = 0, ended = 0;
  EXPECT_THROW(for_each_index(1000, 4,
                              [&](size_t i) {
                                if (i == 0) throw std::runtime_error("zero");
                                ++begun;
                                std::this_thread::sleep_for(std::chrono::milliseconds(1));
                                ++ended;
                              }),
               std::runtime_error);
  EXPECT_EQ(begun, ended);
  EXPECT_LT(begun, 999);
}

}  // namespace
}  // namespace daclip
