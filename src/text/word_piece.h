// BERT's word pieces (Devlin et al. 2019), lower-cased: the tokenizer of bert-base-uncased, from its vocab.txt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace daclip {

class WordPieces {
 public:
  // `vocabulary`: one piece a line, its number is its id; "##" begins a piece that continues a word. Throws FormatError
  // if [UNK] is missing or a piece occurs twice.
  explicit WordPieces(std::string_view vocabulary);

  // Throws IoError, FormatError naming the file.
  static WordPieces load(const std::filesystem::path& path);

  int64_t size() const { return int64_t(pieces_.size()); }

  // The id of a piece as it is written in the vocabulary. Throws FormatError if it is not there.
  int64_t id_of(std::string_view piece) const;

  // Ids of a text, without [CLS] and [SEP]. Lower case, without accents; punctuation and Chinese characters are words.
  // Each word is cut into the longest pieces, from its start; words that cannot be cut are [UNK].
  std::vector<int64_t> encode(std::string_view utf8) const;

  // The text of ids. Pieces in brackets ("[SEP]") and ids beyond the vocabulary are left out; no space stands before
  // punctuation.
  std::string decode(std::span<const int64_t> ids) const;

 private:
  void append_word(std::u32string_view word, std::vector<int64_t>& ids) const;

  std::vector<std::string> pieces_;
  std::unordered_map<std::string, int64_t> ids_;
};

}  // namespace daclip
