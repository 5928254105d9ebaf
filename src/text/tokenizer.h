// CLIP's byte-level byte-pair encoding, as in open_clip's tokenizer.py (SimpleTokenizer).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace daclip {

class Tokenizer {
 public:
  // `merges`: contents of bpe_simple_vocab_16e6.txt, that is a version line, then one merge "left right" per line. CLIP
  // uses the first 48 894 merges. Fewer are accepted and give a smaller vocabulary. Throws FormatError.
  explicit Tokenizer(std::string_view merges);

  // Reads the published file, plain or gzip-compressed. Throws IoError, FormatError.
  static Tokenizer load(const std::filesystem::path& path);

  // The vocabulary in the form stored in model files: the ids of each merge's two symbols, (merges, 2). from_merges
  // throws FormatError.
  std::vector<int32_t> merges() const;
  static Tokenizer from_merges(std::span<const int32_t> pairs);

  // Token ids of a text, without start and end tokens. Applies ftfy's repairs (except for mojibake), decodes HTML
  // references twice, collapses white space and lower-cases. Throws LimitError for texts above 64 KiB.
  std::vector<int64_t> encode(std::string_view utf8) const;

  // `context` ids: start, the text's tokens, end, zero padding. A longer text is truncated; the end token is kept.
  std::vector<int64_t> tokenize(std::string_view utf8, int context = 77) const;

  int64_t vocab() const { return end() + 1; }
  int64_t start() const { return end() - 1; }
  int64_t end() const { return 512 + int64_t(merges_.size()) + 1; }  // two ids per byte, the merges, start, end

 private:
  struct Merge {
    int rank;
    int32_t result;
  };

  Tokenizer();
  bool add_merge(int32_t left, int32_t right);  // false if the merge exists already
  void append_word(std::string_view bytes, std::vector<int64_t>& ids) const;

  std::unordered_map<uint64_t, Merge> merges_;  // by left id << 32 | right id
  int32_t byte_ids_[256] = {};
};

}  // namespace daclip
