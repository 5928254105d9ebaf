#include "text/word_piece.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace daclip {
namespace {

const WordPieces kPieces(
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nhorse\n##s\nin\nfront\n.\n,\n'\nun\n##believ\n##able\ncafe\n馬\n!\ns\r\n");

std::vector<int64_t> ids(const std::vector<std::string>& pieces) {
  std::vector<int64_t> result;
  for (const std::string& piece : pieces) result.push_back(kPieces.id_of(piece));
  return result;
}

TEST(WordPieces, words_are_cut_into_the_longest_pieces_from_their_start) {
  EXPECT_EQ(kPieces.encode("a horse"), ids({"a", "horse"}));
  EXPECT_EQ(kPieces.encode(" horses  in\tfront"), ids({"horse", "##s", "in", "front"}));
  EXPECT_EQ(kPieces.encode("unbelievable"), ids({"un", "##believ", "##able"}));
  EXPECT_EQ(kPieces.size(), 19);
}

TEST(WordPieces, case_and_accents_do_not_count_and_punctuation_stands_alone) {
  EXPECT_EQ(kPieces.encode("Horse, CAFÉ."), ids({"horse", ",", "cafe", "."}));
  EXPECT_EQ(kPieces.encode("a馬a"), ids({"a", "馬", "a"}));
}

TEST(WordPieces, a_word_that_cannot_be_cut_is_unknown) {
  EXPECT_EQ(kPieces.encode("horsey a"), ids({"[UNK]", "a"}));
  EXPECT_EQ(kPieces.encode(std::string(101, 'a')), ids({"[UNK]"}));
  EXPECT_EQ(kPieces.encode(""), std::vector<int64_t>());
}

TEST(WordPieces, decoding_joins_pieces_and_leaves_out_special_tokens) {
  EXPECT_EQ(kPieces.decode(ids({"[CLS]", "horse", "##s", "in", "front", ".", "[SEP]", "[PAD]"})), "horses in front.");
  EXPECT_EQ(kPieces.decode(ids({"horse", "'", "s", "cafe", "!"})), "horse's cafe!");
  EXPECT_EQ(kPieces.decode(std::vector<int64_t>{19, 20, -1}), "");  // [DEC], [ENC]
}

TEST(WordPieces, refuses_a_vocabulary_that_is_none) {
  EXPECT_THROW(WordPieces("a\nb\n"), FormatError);
  EXPECT_THROW(WordPieces("[UNK]\na\na\n"), FormatError);
  EXPECT_THROW(kPieces.id_of("cat"), FormatError);
  EXPECT_THROW(WordPieces::load("/nonexistent/vocab.txt"), IoError);
}

}  // namespace
}  // namespace daclip
