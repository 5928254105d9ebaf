// A small closed vocabulary of whole words, for text towers that are trained from scratch on few captions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace daclip {

// Text is lower-cased (ASCII) and cut into words at everything that is neither a letter, a digit nor beyond ASCII.
// Ids: 0 padding, 1 unknown word, 2... the vocabulary, then start and end; the end is the largest, as CLIP's text tower
// finds the end of a row by its largest id.
class WordTokenizer {
 public:
  // `words` in the order of their ids; context counts start and end. Throws UsageError for a context below 2 and for
  // words that are empty, twice there, or not as words() of a text would cut them.
  WordTokenizer(std::vector<std::string> words, int context);

  // The most frequent words of the captions, at most max_words, words seen fewer than min_count times left out; ties
  // in alphabetical order, so that the same captions give the same vocabulary.
  static WordTokenizer build(std::span<const std::string> captions, int context, size_t max_words = 8192,
                             size_t min_count = 1);

  // A JSON list of strings, the vocabulary in order. Throws FormatError.
  static WordTokenizer from_json(const std::string& json, int context);
  std::string to_json() const;

  // start, words, end, padding: `context` ids. A text that is too long loses its last words.
  std::vector<int64_t> tokenize(std::string_view text) const;

  int context() const { return context_; }
  int64_t vocab() const { return int64_t(words_.size()) + 4; }  // the text tower's number of embeddings
  int64_t start() const { return vocab() - 2; }
  int64_t end() const { return vocab() - 1; }
  const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;
  std::vector<std::pair<std::string, int64_t>> ids_;  // sorted by word
  int context_;
};

}  // namespace daclip
