#include "text/word_tokenizer.h"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace daclip {
namespace {

constexpr int64_t kUnknown = 1, kFirstWord = 2;

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    const unsigned char u = static_cast<unsigned char>(c);
    if ((u >= 'a' && u <= 'z') || (u >= '0' && u <= '9') || u >= 0x80) {
      word += c;
    } else if (u >= 'A' && u <= 'Z') {
      word += char(c - 'A' + 'a');
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

WordTokenizer::WordTokenizer(std::vector<std::string> words, int context)
    : words_(std::move(words)), context_(context) {
  if (context < 2) throw UsageError(cat("word tokenizer: context ", context, ", expected at least 2"));
  for (size_t i = 0; i < words_.size(); ++i) {
    if (split_words(words_[i]) != std::vector<std::string>{words_[i]})
      throw UsageError(cat("word tokenizer: entry ", i, " is not one lower-case word"));
    ids_.emplace_back(words_[i], kFirstWord + int64_t(i));
  }
  std::sort(ids_.begin(), ids_.end());
  for (size_t i = 1; i < ids_.size(); ++i)
    if (ids_[i].first == ids_[i - 1].first) throw UsageError(cat("word tokenizer: ", "duplicate word ", ids_[i].first));
}

WordTokenizer WordTokenizer::build(std::span<const std::string> captions, int context, size_t max_words,
                                   size_t min_count) {
  std::map<std::string, size_t> counts;
  for (const std::string& caption : captions)
    for (std::string& word : split_words(caption)) ++counts[std::move(word)];
  std::vector<std::pair<std::string, size_t>> ranked;
  for (const auto& entry : counts)
    if (entry.second >= min_count) ranked.push_back(entry);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (ranked.size() > max_words) ranked.resize(max_words);
  std::vector<std::string> words;
  for (auto& entry : ranked) words.push_back(std::move(entry.first));
  return WordTokenizer(std::move(words), context);
}

WordTokenizer WordTokenizer::from_json(const std::string& json, int context) {
  const nlohmann::json list = nlohmann::json::parse(json, nullptr, false);
  if (!list.is_array()) throw FormatError("vocabulary: expected a JSON list of words");
  std::vector<std::string> words;
  for (const auto& word : list) {
    if (!word.is_string()) throw FormatError(cat("vocabulary: entry ", words.size(), " is not a string"));
    words.push_back(word.get<std::string>());
  }
  return WordTokenizer(std::move(words), context);
}

std::string WordTokenizer::to_json() const {
  return nlohmann::json(words_).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int64_t WordTokenizer::id(std::string_view word) const {
  const auto it = std::lower_bound(ids_.begin(), ids_.end(), word,
                                   [](const auto& entry, std::string_view key) { return entry.first < key; });
  return it != ids_.end() && it->first == word ? it->second : kUnknown;
}

bool WordTokenizer::knows(std::string_view word) const { return id(word) != kUnknown; }

std::vector<int64_t> WordTokenizer::tokenize(std::string_view text) const {
  std::vector<int64_t> ids = {start()};
  for (const std::string& word : split_words(text)) {
    if (ids.size() + 1 == size_t(context_)) break;
    ids.push_back(id(word));
  }
  ids.push_back(end());
  ids.resize(size_t(context_), 0);
  return ids;
}

}  // namespace daclip
