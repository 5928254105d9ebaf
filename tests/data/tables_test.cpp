#include "data/tables.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/labels.h"
#include "pipeline/temp_folder.h"

namespace daclip {
namespace {

class Tables : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& content) {
    std::ofstream(folder_ / "t.tsv", std::ios::binary) << content;
    return folder_ / "t.tsv";
  }
  test::TempFolder folder_;
};

TEST_F(Tables, captions_with_header_in_either_order_without_header_and_with_windows_line_ends) {
  for (const char* text : {"filepath\ttitle\na b.png\ta dog\n", "title\tfilepath\na dog\ta b.png", "a b.png\ta dog",
                           "\xef\xbb\xbf"
                           "filepath\ttitle\r\n\r\na b.png\ta dog\r\n"}) {
    const auto rows = read_captions(file(text));
    ASSERT_EQ(rows.size(), 1u) << text;
    EXPECT_EQ(rows[0].filepath, "a b.png");
    EXPECT_EQ(rows[0].title, "a dog");
  }
}

TEST_F(Tables, written_tables_are_read_back) {
  const std::vector<CaptionRow> rows = {
      {"a.png", "plain"}, {"b\tc.png", "a \"quoted\" word"}, {"d.png", "\"all of it\""}, {"e.png", ""}};
  write_captions(folder_ / "out.tsv", rows);
  const auto back = read_captions(folder_ / "out.tsv");
  ASSERT_EQ(back.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(back[i].filepath, rows[i].filepath);
    EXPECT_EQ(back[i].title, rows[i].title);
  }
}

TEST_F(Tables, a_quote_that_is_not_closed_is_text) {
  const auto rows = read_captions(file("a.png\t\"Hello\" says a man\nb.png\t\"open\n"));
  EXPECT_EQ(rows.at(0).title, "\"Hello\" says a man");
  EXPECT_EQ(rows.at(1).title, "\"open");
}

TEST_F(Tables, damaged_tables_are_refused_with_their_line) {
  for (const char* text : {"one column", "a\tb\tc", "filepath\tcaption\na\tb", "filepath\ttitle\na\tb\nc"}) {
    try {
      read_captions(file(text));
      ADD_FAILURE() << text;
    } catch (const FormatError& error) {
      EXPECT_NE(std::string(error.what()).find("t.tsv:"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(read_captions(folder_ / "missing.tsv"), IoError);
  EXPECT_TRUE(read_captions(file("")).empty());
}

TEST_F(Tables, paths_start_from_the_tables_folder_unless_a_root_is_given) {
  EXPECT_EQ(file_of("sub/a.png", "tables/t.tsv", ""), "tables/sub/a.png");
  EXPECT_EQ(file_of("sub/a.png", "tables/t.tsv", "root"), "root/sub/a.png");
  EXPECT_EQ(file_of("/b.png", "tables/t.tsv", "root"), "/b.png");
}

TEST_F(Tables, titles_name_the_degradation_behind_their_only_colon) {
  const std::vector<int> labels = {label_index("hazy"), label_index("rainy")};
  const std::string title = degraded_title("a sign: stop", labels);
  EXPECT_EQ(title, "a sign, stop: hazy,rainy");
  EXPECT_EQ(split_title(title).caption, "a sign, stop");
  EXPECT_EQ(split_title(title).labels, labels);
  EXPECT_EQ(split_title("a sign: stop").caption, "a sign: stop");
  EXPECT_TRUE(split_title("a sign: stop").labels.empty());
}

TEST_F(Tables, label_tables_are_read_back_and_refuse_unknown_labels) {
  const std::vector<LabelRow> rows = {{"a.png", {1, 6}}, {"b.png", {kClean}}};
  write_label_table(folder_ / "labels.tsv", rows);
  const auto back = read_label_table(folder_ / "labels.tsv");
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].labels, rows[0].labels);
  EXPECT_EQ(back[1].filepath, "b.png");
  EXPECT_THROW(read_label_table(file("a.png\thazy,foggy")), FormatError);
  EXPECT_THROW(read_label_table(file("a.png\t")), FormatError);
}

}  // namespace
}  // namespace daclip
