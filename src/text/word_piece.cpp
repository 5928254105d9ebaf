#include "text/word_piece.h"

#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "text/unicode.h"

namespace daclip {
namespace {

constexpr size_t kLongestWord = 100;  // in characters; longer ones are unknown, as in BERT
constexpr std::string_view kUnknown = "[UNK]";

bool is_chinese(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

// All that is neither letter, number nor space in ASCII counts as punctuation, as in BERT.
bool stands_alone(char32_t c) {
  const bool ascii = (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  return ascii || is_chinese(c) || unicode::is_punctuation(c);
}

bool is_special(std::string_view piece) { return piece.size() > 2 && piece.front() == '[' && piece.back() == ']'; }

// transformers' clean_up_tokenization.
std::string tidied(std::string text) {
  static constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
      {" .", "."},     {" ?", "?"},   {" !", "!"},   {" ,", ","},     {" ' ", "'"},
      {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kReplacements)
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  return text;
}

}  // namespace

WordPieces::WordPieces(std::string_view vocabulary) {
  while (!vocabulary.empty()) {
    const size_t end = std::min(vocabulary.find('\n'), vocabulary.size());
    std::string piece(vocabulary.substr(0, end));
    if (!piece.empty() && piece.back() == '\r') piece.pop_back();
    vocabulary.remove_prefix(std::min(end + 1, vocabulary.size()));
    if (!ids_.emplace(piece, int64_t(pieces_.size())).second)
      throw FormatError(cat("vocabulary: line ", pieces_.size() + 1, ": ", piece, " occurs twice"));
    pieces_.push_back(std::move(piece));
  }
  id_of(kUnknown);
}

WordPieces WordPieces::load(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  try {
    return WordPieces(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  } catch (const FormatError& error) {
    throw FormatError(cat(path.string(), ": ", error.what()));
  }
}

int64_t WordPieces::id_of(std::string_view piece) const {
  const auto found = ids_.find(std::string(piece));
  if (found == ids_.end()) throw FormatError(cat("vocabulary: no piece ", piece, "; expected BERT's vocab.txt"));
  return found->second;
}

std::vector<int64_t> WordPieces::encode(std::string_view utf8) const {
  std::vector<int64_t> ids;
  std::u32string word;
  const auto finish = [&] {
    if (!word.empty()) append_word(word, ids);
    word.clear();
  };
  for (const char32_t c : unicode::without_accents(unicode::lower(unicode::decode(utf8)))) {
    if (unicode::is_space(c)) {
      finish();
    } else if (stands_alone(c)) {
      finish();
      append_word(std::u32string_view(&c, 1), ids);
    } else if (c >= 32 && c != 0xFFFD) {
      word += c;
    }
  }
  finish();
  return ids;
}

void WordPieces::append_word(std::u32string_view word, std::vector<int64_t>& ids) const {
  const size_t before = ids.size();
  bool known = word.size() <= kLongestWord;
  for (size_t begin = 0; known && begin < word.size();) {
    size_t length = word.size() - begin;
    for (; length > 0; --length) {
      const auto found = ids_.find((begin > 0 ? "##" : "") + unicode::encode(word.substr(begin, length)));
      if (found == ids_.end()) continue;
      ids.push_back(found->second);
      break;
    }
    known = length > 0;
    begin += length;
  }
  if (known) return;
  ids.resize(before);
  ids.push_back(id_of(kUnknown));
}

std::string WordPieces::decode(std::span<const int64_t> ids) const {
  std::string text;
  for (const int64_t id : ids) {
    if (id < 0 || id >= size() || is_special(pieces_[size_t(id)])) continue;
    const std::string_view piece = pieces_[size_t(id)];
    if (piece.starts_with("##") && !text.empty())
      text += piece.substr(2);
    else
      text += cat(text.empty() ? "" : " ", piece);
  }
  return tidied(std::move(text));
}

}  // namespace daclip
