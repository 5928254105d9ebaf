// A small closed vocabulary of whole words, for text towers trained from scratch on few captions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace daclip {

// The words of a text: lower-cased (ASCII), split at every ASCII character that is neither a letter nor a digit.
std::vector<std::string> split_words(std::string_view text);

// Ids: 0 padding, 1 unknown word, from 2 on the vocabulary, then start and end. The end token has the largest id,
// because CLIP's text tower locates the end of a row by its largest id.
class WordTokenizer {
 public:
  // `words` in the order of their ids; `context` includes start and end. Throws UsageError for a context below 2, and
  // for words that are empty, duplicate, or not what splitting a text would produce.
  WordTokenizer(std::vector<std::string> words, int context);

  // The most frequent words of the captions: at most max_words, each seen at least min_count times. Ties are in
  // alphabetical order, so that the same captions give the same vocabulary.
  static WordTokenizer build(std::span<const std::string> captions, int context, size_t max_words = 8192,
                             size_t min_count = 1);

  // `json`: a list of strings, the vocabulary in order. Throws FormatError.
  static WordTokenizer from_json(const std::string& json, int context);
  std::string to_json() const;

  // `context` ids: start, words, end, padding. A longer text is truncated; the end token is kept.
  std::vector<int64_t> tokenize(std::string_view text) const;

  bool knows(std::string_view word) const;

  int context() const { return context_; }
  int64_t vocab() const { return int64_t(words_.size()) + 4; }  // the text tower's number of embeddings
  int64_t start() const { return vocab() - 2; }
  int64_t end() const { return vocab() - 1; }
  const std::vector<std::string>& words() const { return words_; }

 private:
  int64_t id(std::string_view word) const;

  std::vector<std::string> words_;
  std::vector<std::pair<std::string, int64_t>> ids_;  // sorted by word
  int context_;
};

}  // namespace daclip
