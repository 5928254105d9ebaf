#include "data/instructions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "data/tables.h"
#include "pipeline/temp_folder.h"

namespace daclip {
namespace {

WrittenInstruction drawn(uint64_t seed) {
  Random random(seed);
  return draw_instruction(random);
}

TEST(Instructions, each_asks_for_something_and_has_strengths_for_repairs_only) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const WrittenInstruction made = drawn(seed);
    EXPECT_FALSE(made.text.empty());
    bool asks = made.meaning.everything;
    for (size_t kind = 0; kind < size_t(kDegradationCount); ++kind) {
      const bool repair = made.meaning.wishes[kind] == Wish::repair;
      asks = asks || repair;
      EXPECT_EQ(made.meaning.strengths[kind] > 0, repair) << made.text;
      EXPECT_LE(made.meaning.strengths[kind], 1);
    }
    EXPECT_TRUE(asks) << made.text;
  }
}

TEST(Instructions, the_same_seed_writes_the_same_and_others_differ) {
  EXPECT_EQ(drawn(7).text, drawn(7).text);
  EXPECT_NE(drawn(7).text, drawn(8).text);
}

TEST(Instructions, every_kind_is_repaired_and_kept_and_weakly_repaired) {
  std::array<std::array<int, 3>, size_t(kDegradationCount)> seen{};
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    const InstructionMeaning meaning = drawn(seed).meaning;
    for (size_t kind = 0; kind < seen.size(); ++kind) {
      seen[kind][0] += meaning.wishes[kind] == Wish::repair;
      seen[kind][1] += meaning.wishes[kind] == Wish::keep;
      seen[kind][2] += meaning.strengths[kind] > 0 && meaning.strengths[kind] < 1;
    }
  }
  for (const auto& [repaired, kept, weakly] : seen) {
    EXPECT_GT(repaired, 100);
    EXPECT_GT(kept, 50);
    EXPECT_GT(weakly, 5);
  }
}

TEST(Instructions, a_table_is_read_with_its_meaning) {
  const test::TempFolder folder;
  write_text(folder / "t.tsv", "Remove rain, keep the fog!\trainy\thazy\t0\r\n\nfix it\t-\t-\t1\n");
  const std::vector<WrittenInstruction> rows = read_instructions(folder / "t.tsv");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].text, "Remove rain, keep the fog!");
  EXPECT_EQ(rows[0].meaning.wishes[size_t(label_index("rainy"))], Wish::repair);
  EXPECT_EQ(rows[0].meaning.wishes[size_t(label_index("hazy"))], Wish::keep);
  EXPECT_FALSE(rows[0].meaning.everything);
  EXPECT_TRUE(rows[1].meaning.everything);
}

TEST(Instructions, a_bad_line_of_a_table_is_named) {
  const test::TempFolder folder;
  for (const char* line :
       {"remove rain\trainy\t-", "remove rain\twet\t-\t0", "remove rain\tclean\t-\t0", "remove rain\trainy\t-\tno"}) {
    write_text(folder / "t.tsv", std::string("fix it\t-\t-\t1\n") + line + "\n");
    try {
      read_instructions(folder / "t.tsv");
      ADD_FAILURE() << line;
    } catch (const FormatError& error) {
      EXPECT_NE(std::string(error.what()).find("t.tsv:2: "), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace daclip
