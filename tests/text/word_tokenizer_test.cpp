#include "text/word_tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"

namespace daclip {
namespace {

const std::vector<std::string> kCaptions = {"A dog on the grass.", "The dog, again: the DOG!", "a cat"};

TEST(WordTokenizer, orders_words_by_frequency_then_alphabet) {
  const WordTokenizer t = WordTokenizer::build(kCaptions, 8);
  EXPECT_EQ(t.words(), (std::vector<std::string>{"dog", "the", "a", "again", "cat", "grass", "on"}));
  EXPECT_EQ(t.vocab(), 11);
}

TEST(WordTokenizer, the_end_is_the_largest_id_of_each_row) {
  const WordTokenizer t = WordTokenizer::build(kCaptions, 6);
  const std::vector<int64_t> ids = t.tokenize("The DOG sleeps");
  EXPECT_EQ(ids, (std::vector<int64_t>{t.start(), 3, 2, 1, t.end(), 0}));
  EXPECT_EQ(*std::max_element(ids.begin(), ids.end()), t.end());
}

TEST(WordTokenizer, splits_at_hyphens_and_keeps_non_ascii_characters) {
  const std::vector<std::string> captions = {"jpeg-compressed caf\xc3\xa9"};
  EXPECT_EQ(WordTokenizer::build(captions, 8).words(), (std::vector<std::string>{"caf\xc3\xa9", "compressed", "jpeg"}));
}

TEST(WordTokenizer, a_long_text_keeps_its_end) {
  const WordTokenizer t = WordTokenizer::build(kCaptions, 4);
  EXPECT_EQ(t.tokenize("the the the the the"), (std::vector<int64_t>{t.start(), 3, 3, t.end()}));
  EXPECT_EQ(t.tokenize(""), (std::vector<int64_t>{t.start(), t.end(), 0, 0}));
}

TEST(WordTokenizer, leaves_rare_words_out) {
  EXPECT_EQ(WordTokenizer::build(kCaptions, 8, 100, 2).words(), (std::vector<std::string>{"dog", "the", "a"}));
  EXPECT_EQ(WordTokenizer::build(kCaptions, 8, 1).words(), std::vector<std::string>{"dog"});
}

TEST(WordTokenizer, survives_its_json) {
  const WordTokenizer t = WordTokenizer::build(kCaptions, 8);
  const WordTokenizer back = WordTokenizer::from_json(t.to_json(), 8);
  EXPECT_EQ(back.words(), t.words());
  EXPECT_EQ(back.tokenize("a cat on the mat"), t.tokenize("a cat on the mat"));
}

TEST(WordTokenizer, refuses_vocabularies_that_cannot_be) {
  EXPECT_THROW(WordTokenizer::from_json("{}", 8), FormatError);
  EXPECT_THROW(WordTokenizer::from_json("[1]", 8), FormatError);
  EXPECT_THROW(WordTokenizer({"a", "a"}, 8), UsageError);
  EXPECT_THROW(WordTokenizer({"two words"}, 8), UsageError);
  EXPECT_THROW(WordTokenizer({""}, 8), UsageError);
  EXPECT_THROW(WordTokenizer({"a"}, 1), UsageError);
}

}  // namespace
}  // namespace daclip
