// CLIP's byte-level byte-pair encoding (SPEC 1), as open_clip's SimpleTokenizer does it.
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
  // `merges`: the text of bpe_simple_vocab_16e6.txt, a version line, then one merge "left right" a line; CLIP uses the
  // first 48 894. Fewer are accepted and give a smaller vocabulary. Throws FormatError.
  explicit Tokenizer(std::string_view merges);

  // Reads the published file, compressed by gzip or plain. Throws IoError, FormatError.
  static Tokenizer load(const std::filesystem::path& path);

  // The vocabulary as a model file keeps it: for each merge the ids of its two symbols, (merges, 2). from_merges throws
  // FormatError.
  std::vector<int32_t> merges() const;
  static Tokenizer from_merges(std::span<const int32_t> pairs);

  // Token ids of a text without start and end. Repairs it as ftfy does (mojibake excepted), reads HTML references twice,
  // collapses white space and lower-cases. Throws LimitError for texts beyond 64 KiB.
  std::vector<int64_t> encode(std::string_view utf8) const;

  // start, the text's tokens, end, zeros: `context` ids. A text that is too long keeps the first ones and the end.
  std::vector<int64_t> tokenize(std::string_view utf8, int context = 77) const;

  int64_t vocab() const { return end() + 1; }
  int64_t start() const { return end() - 1; }
  int64_t end() const { return 512 + int64_t(merges_.size()) + 1; }  // bytes twice, merges, start, end

 private:
  struct Merge {
    int rank;
    int32_t result;
  };

  Tokenizer();
  bool add_merge(int32_t left, int32_t right);  // false where it is there already
  void append_word(std::string_view bytes, std::vector<int64_t>& ids) const;

  std::unordered_map<uint64_t, Merge> merges_;  // by left id << 32 | right id
  int32_t byte_ids_[256] = {};
};

}  // namespace daclip
