#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace daclip {
namespace {

// Ids: 0-255 bytes in GPT-2's order ('!' is 0, 'a' is 64), 256-511 bytes at the end of a word, merges from 512 on.
constexpr const char* kMerges =
    "#version\n"
    "l o\n"
    "lo w</w>\n"
    "e r</w>\n";

constexpr int64_t kEndOfWord = 256;

int64_t byte(char c) { return c - '!'; }

TEST(Tokenizer, joins_the_earliest_merge_first) {
  const Tokenizer t(kMerges);
  EXPECT_EQ(t.vocab(), 512 + 3 + 2);
  EXPECT_EQ(t.encode("low"), std::vector<int64_t>{513});
  EXPECT_EQ(t.encode("lower"), (std::vector<int64_t>{512, byte('w'), 514}));
  EXPECT_EQ(t.encode("lolow"), (std::vector<int64_t>{512, 513}));
  EXPECT_EQ(t.encode("o"), std::vector<int64_t>{byte('o') + kEndOfWord});
}

TEST(Tokenizer, lower_cases_and_collapses_space) {
  const Tokenizer t(kMerges);
  EXPECT_EQ(t.encode("  LOW \t\n Low\xc2\xa0"), (std::vector<int64_t>{513, 513}));
}

TEST(Tokenizer, splits_words_digits_and_signs) {
  const Tokenizer t(kMerges);
  EXPECT_EQ(t.encode("a12!?"), (std::vector<int64_t>{byte('a') + kEndOfWord, byte('1') + kEndOfWord,
                                                     byte('2') + kEndOfWord, byte('!'), byte('?') + kEndOfWord}));
  EXPECT_EQ(t.encode("a's"), (std::vector<int64_t>{byte('a') + kEndOfWord, byte('\''), byte('s') + kEndOfWord}));
}

TEST(Tokenizer, knows_the_words_for_start_and_end) {
  const Tokenizer t(kMerges);
  EXPECT_EQ(t.encode("<start_of_text>low<end_of_text>"), (std::vector<int64_t>{t.start(), 513, t.end()}));
}

TEST(Tokenizer, pads_with_zeros_and_keeps_the_end_of_a_long_text) {
  const Tokenizer t(kMerges);
  EXPECT_EQ(t.tokenize("low", 5), (std::vector<int64_t>{t.start(), 513, t.end(), 0, 0}));
  EXPECT_EQ(t.tokenize("low low low", 4), (std::vector<int64_t>{t.start(), 513, 513, t.end()}));
  EXPECT_EQ(t.tokenize("", 2), (std::vector<int64_t>{t.start(), t.end()}));
  EXPECT_THROW(t.tokenize("low", 1), UsageError);
}

TEST(Tokenizer, takes_bytes_that_are_no_utf8) {
  const Tokenizer t(kMerges);
  EXPECT_EQ(t.encode("\xff"), t.encode("\xef\xbf\xbd"));  // the replacement character
}

TEST(Tokenizer, refuses_texts_that_are_too_long) {
  EXPECT_THROW(Tokenizer(kMerges).encode(std::string(70000, 'a')), LimitError);
}

TEST(Tokenizer, refuses_vocabularies_that_do_not_hang_together) {
  EXPECT_THROW(Tokenizer(""), FormatError);
  EXPECT_THROW(Tokenizer("#version\nlo w\n"), FormatError);  // no earlier merge creates "lo"
  EXPECT_THROW(Tokenizer("#version\nl\n"), FormatError);
  EXPECT_THROW(Tokenizer("#version\nl o\nl o\n"), FormatError);
  EXPECT_THROW(Tokenizer::load("/nowhere/bpe.txt.gz"), IoError);
}

}  // namespace
}  // namespace daclip
