#include "caption/beam_search.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace daclip {
namespace {

constexpr int64_t kVocabulary = 5, kEnd = 4;

// A language whose next token depends on the last one alone; probabilities by row.
NextLogits language(const std::vector<std::vector<double>>& probabilities) {
  return [probabilities](std::span<const int64_t> ids, int64_t rows) {
    std::vector<float> logits;
    const size_t length = ids.size() / size_t(rows);
    for (int64_t r = 0; r < rows; ++r)
      for (const double p : probabilities[size_t(ids[(size_t(r) + 1) * length - 1])])
        logits.push_back(float(std::log(std::max(p, 1e-12)) + 3));  // shifted: logits need not be normalised
    return logits;
  };
}

// Greedily 0 -> 1 -> 3 -> end, with probability 0.6 * 0.5 * 1; but 0 -> 2 -> end has 0.4 * 1.
const NextLogits kLanguage =
    language({{0, 0.6, 0.4, 0, 0}, {0, 0, 0.25, 0.5, 0.25}, {0, 0, 0, 0, 1}, {0, 0, 0, 0, 1}, {0, 0, 0, 0, 1}});
const std::vector<int64_t> kPrompt = {0};

TextSearch options(int beams) {
  TextSearch search;
  search.beams = beams;
  search.max_length = 6;
  search.min_length = 0;
  search.end = kEnd;
  return search;
}

TEST(BeamSearch, one_beam_takes_the_likeliest_token_each_time) {
  EXPECT_EQ(search_text(kLanguage, kPrompt, options(1)).ids, (std::vector<int64_t>{0, 1, 3, kEnd}));
}

TEST(BeamSearch, several_beams_find_the_likelier_text) {
  const FoundText found = search_text(kLanguage, kPrompt, options(3));
  EXPECT_EQ(found.ids, (std::vector<int64_t>{0, 1, 3, kEnd}));
  EXPECT_NEAR(found.score, std::log(0.6 * 0.5) / 3, 1e-5);  // a longer text: log(0.3)/3 is above log(0.4)/2
}

TEST(BeamSearch, no_text_ends_before_its_least_length) {
  for (const int beams : {1, 3}) {
    TextSearch search = options(beams);
    search.min_length = 5;
    const FoundText found =
        search_text(language(std::vector<std::vector<double>>(5, {0.05, 0.1, 0.05, 0.05, 0.75})), kPrompt, search);
    EXPECT_EQ(found.ids, (std::vector<int64_t>{0, 1, 1, 1, 1, kEnd})) << beams;
  }
}

TEST(BeamSearch, a_text_without_an_end_stops_at_its_greatest_length) {
  for (const int beams : {1, 2}) {
    const FoundText found =
        search_text(language(std::vector<std::vector<double>>(5, {0, 0.9, 0.1, 0, 0})), kPrompt, options(beams));
    EXPECT_EQ(found.ids, (std::vector<int64_t>{0, 1, 1, 1, 1, 1})) << beams;
  }
}

TEST(BeamSearch, a_penalty_makes_tokens_of_the_text_less_likely) {
  TextSearch search = options(1);
  search.repetition_penalty = 2;
  // Both logits are above 0 after the shift, and halved where the token is in the text.
  const FoundText found =
      search_text(language(std::vector<std::vector<double>>(5, {0, 0.4, 0.35, 0.25, 0})), kPrompt, search);
  EXPECT_EQ(std::vector<int64_t>(found.ids.begin(), found.ids.begin() + 4), (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST(BeamSearch, refuses_what_leaves_no_room) {
  for (const auto& change : {+[](TextSearch& s) { s.beams = 0; }, +[](TextSearch& s) { s.max_length = 1; },
                             +[](TextSearch& s) { s.repetition_penalty = 0; }}) {
    TextSearch search = options(2);
    change(search);
    EXPECT_THROW(search_text(kLanguage, kPrompt, search), UsageError);
  }
  EXPECT_THROW(search_text(kLanguage, {}, options(1)), UsageError);
}

}  // namespace
}  // namespace daclip
