#include "data/random_streams.h"

#include <gtest/gtest.h>

#include <set>

namespace daclip {
namespace {

TEST(RandomStreams, gives_every_stream_and_slot_of_a_step_its_own_seed) {
  constexpr int64_t kSlots = 100'000;
  std::set<uint64_t> seeds;
  for (const Stream stream : kStreams)
    for (int64_t slot = 0; slot < kSlots; ++slot) seeds.insert(stream_seed(7, 3, stream, slot));
  EXPECT_EQ(seeds.size(), std::size(kStreams) * kSlots);
}

TEST(RandomStreams, depend_on_the_seed_and_the_step) {
  EXPECT_NE(stream_seed(1, 0, Stream::crop), stream_seed(2, 0, Stream::crop));
  EXPECT_NE(stream_seed(1, 0, Stream::crop), stream_seed(1, 1, Stream::crop));
}

}  // namespace
}  // namespace daclip
