#include "core/toml_text.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/toml_file.h"
#include "pipeline/temp_folder.h"

namespace daclip {
namespace {

TEST(TomlText, may_hold_any_character_in_strings_and_comments) {
  for (const char* text :
       {"\xef\xbb\xbf# \xc3\x92\na = \"\xc3\x92 \\\" \xc3\x92\"\nb = '\xc3\x92'\n",
        "a = \"\"\"\n\xc3\x92 \" ' # \xc3\x92\n\"\"\"\nb = '''\xc3\x92'\n'''\n", "\"\xc3\x92\" = 1 # \xc3\x92", ""})
    EXPECT_EQ(line_of_stray_character(text), 0u) << text;
}

TEST(TomlText, has_no_other_characters_elsewhere) {
  EXPECT_EQ(line_of_stray_character("a = 1\nb = \xc3\x92\n"), 2u);
  EXPECT_EQ(line_of_stray_character("\xc3\x92 = 1"), 1u);
  EXPECT_EQ(line_of_stray_character("a = \"x\" \xc3\x92"), 1u);
  EXPECT_EQ(line_of_stray_character("a = \"\"\"\n\n\"\"\" \xc3\x92"), 3u);
  EXPECT_EQ(line_of_stray_character("a = 'x\n\xc3\x92 = 1'"), 2u);  // the first string is not closed
}

TEST(TomlText, of_a_file_is_refused_with_its_line) {
  const test::TempFolder folder;
  write_text(folder / "a.toml", "a = 1\ntromit =\xc3\x92 \n");
  try {
    read_toml(folder / "a.toml");
    FAIL() << "was read";
  } catch (const FormatError& error) {
    EXPECT_TRUE(std::string(error.what()).ends_with("a.toml:2: a character that is not ASCII needs quotes"))
        << error.what();
  }
}

}  // namespace
}  // namespace daclip
