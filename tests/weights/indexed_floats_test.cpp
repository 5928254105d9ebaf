#include "weights/indexed_floats.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "core/random.h"

namespace daclip {
namespace {

SharedBytes counting_floats(size_t count) {
  std::vector<uint8_t> bytes(count * sizeof(float));
  for (size_t i = 0; i < count; ++i) {
    const float value = float(i);
    std::memcpy(&bytes[i * sizeof(float)], &value, sizeof(float));
  }
  return share(std::move(bytes));
}

void expect_refused(const std::string& index, const std::string& words, size_t floats = 12) {
  try {
    parse_indexed_floats(index, counting_floats(floats), "hostile.f32");
    FAIL() << "accepted: " << index;
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_NE(message.find("hostile.f32"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_LT(message.size(), 400u);
  }
}

TEST(IndexedFloats, are_cut_as_the_index_says) {
  const NamedArrays file =
      parse_indexed_floats("# name shape offset count\r\n\na.weight 2x1x3 4 6\r\nb 2 0 2", counting_floats(12), "test");
  ASSERT_EQ(file.arrays.size(), 2u);
  EXPECT_EQ(file.at("a.weight").shape, (std::vector<int64_t>{2, 1, 3}));
  EXPECT_EQ(file.at("a.weight").to_floats(), (std::vector<float>{4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(file.at("b").to_floats(), (std::vector<float>{0, 1}));
}

TEST(IndexedFloats, refuse_an_index_that_contradicts_itself_or_the_file) {
  expect_refused("", "no tensor");
  expect_refused("# only this", "no tensor");
  expect_refused("a 3 10 3", "exceed the 12 values");
  expect_refused("a 3 18446744073709551615 3", "exceed the 12 values");
  expect_refused("a 3 4611686018427387904 3", "exceed the 12 values");
  expect_refused("a 2x3 0 5", "shape needs 6");
  expect_refused("a 0 0 0", "shape");
  expect_refused("a 13 0 13", "shape");
  expect_refused("a 4294967296x4294967296x4 0 4", "shape");
  expect_refused("a 1x1x1x1x1x1x1x1x1 0 1", "shape");
  expect_refused("a 2 0 2\na 2 0 2", "duplicate");
  expect_refused("a 2x 0 2", "dimension");
  expect_refused("a 3 0 3\nb 3 0 -3", "line 2");
  expect_refused(" 3 0 3", "has no name");
  expect_refused("a 3", "offset");
  expect_refused("a 3 0", "count");
  expect_refused("a  3 0 3", "");
  expect_refused("a 3 0 3 ", "count");
  expect_refused("a 3x-1 0 3", "dimension");
  expect_refused("a 99999999999999999999 0 3", "dimension");
  expect_refused(std::string("\x01\xff 3x 0 zwölf\n", 16), "count");
  expect_refused(std::string(2 << 20, '#'), "index");
  EXPECT_THROW(parse_indexed_floats("a 1 0 1", share(std::vector<uint8_t>(5)), "test"), FormatError);
}

TEST(IndexedFloats, survive_any_damage_to_the_index) {
  const std::string sound = "# name shape\nconv1.weight 2x1x3 0 6\nconv1.bias 2 6 2\nlin0.weight 4 8 4\n";
  const SharedBytes floats = counting_floats(12);
  Random random(1);
  size_t refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string index = sound;
    for (int64_t i = random.below(4); i >= 0; --i) {
      const size_t at = size_t(random.below(int64_t(index.size())));
      if (random.chance(0.25))
        index.erase(at, size_t(random.below(9)));
      else
        index[at] = random.chance(0.5) ? char(random.below(256)) : "0123456789x \n#-"[random.below(15)];
      if (index.empty()) index.push_back('#');
    }
    try {
      for (const auto& [name, array] : parse_indexed_floats(index, floats, "damaged").arrays)
        ASSERT_EQ(array.to_floats().size(), array.numel());
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000u);
}

TEST(IndexedFloats, name_a_missing_file) {
  try {
    read_indexed_floats("nowhere/lpips_v0.1.f32");
    FAIL();
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("lpips_v0.1.index.txt"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace daclip
