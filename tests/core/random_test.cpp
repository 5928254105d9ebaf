#include "core/random.h"

#include <gtest/gtest.h>

#include <vector>

namespace daclip {
namespace {

TEST(MixSeed, is_splitmix64_with_the_stream_as_its_position) {
  // The published generator's first outputs from the seed 1234567.
  const std::vector<uint64_t> expected = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                          4593380528125082431u, 16408922859458223821u};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(mix_seed(1234567, i), expected[i]) << i;
}

TEST(Random, is_xoshiro256_plus_plus_seeded_by_splitmix64) {
  // As Rust's rand_xoshiro gives them from the seed 0.
  Random random(0);
  for (const uint64_t expected :
       {5987356902031041503u, 7051070477665621255u, 6633766593972829180u, 211316841551650330u, 9136120204379184874u})
    EXPECT_EQ(random.next(), expected);
}

TEST(Random, uniform_numbers_fill_their_range_evenly) {
  Random random(1);
  std::vector<int> counts(10);
  for (int i = 0; i < 100'000; ++i) {
    const double value = random.uniform(2, 4);
    ASSERT_GE(value, 2);
    ASSERT_LT(value, 4);
    ++counts[size_t((value - 2) * 5)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);  // five standard deviations
}

TEST(Random, below_gives_every_number_and_never_the_limit) {
  Random random(2);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts.at(size_t(random.below(7)));
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(1), 0);
}

TEST(Random, chance_is_the_probability) {
  Random random(3);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_FALSE(random.chance(0));
    ASSERT_TRUE(random.chance(1));
    hits += random.chance(0.3);
  }
  EXPECT_NEAR(hits, 30'000, 750);
}

TEST(Random, normal_numbers_have_the_moments_of_a_standard_normal) {
  Random random(4);
  const int n = 200'000;
  double sum = 0, squares = 0, fourth = 0, products = 0, before = 0;
  for (int i = 0; i < n; ++i) {
    const double v = random.normal();
    sum += v;
    squares += v * v;
    fourth += v * v * v * v;
    products += v * before;  // both values of a pair are used: they must not depend on each other
    before = v;
  }
  EXPECT_NEAR(sum / n, 0, 0.012);
  EXPECT_NEAR(squares / n, 1, 0.02);
  EXPECT_NEAR(fourth / n, 3, 0.12);
  EXPECT_NEAR(products / n, 0, 0.012);
}

}  // namespace
}  // namespace daclip
