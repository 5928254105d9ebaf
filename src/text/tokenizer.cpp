#include "text/tokenizer.h"

#include <algorithm>
#include <limits>

#include <zlib.h>

#include "core/error.h"
#include "core/files.h"
#include "text/html_entities.h"
#include "text/text_repair.h"
#include "text/unicode.h"

namespace daclip {
namespace {

constexpr size_t kMaxMerges = 49152 - 256 - 2;
constexpr int32_t kFirstMerge = 512;
constexpr size_t kMaxText = 64 * 1024;
constexpr size_t kMaxVocabularyFile = 16 * 1024 * 1024;  // CLIP's has 3.2 MB
constexpr std::u32string_view kStartText = U"<start_of_text>", kEndText = U"<end_of_text>";

// GPT-2's mapping of the 256 bytes to printable characters, in the vocabulary's order: printable Latin-1 bytes first,
// then the others, mapped to U+0100 and up.
std::vector<std::pair<uint8_t, char32_t>> byte_characters() {
  std::vector<std::pair<uint8_t, char32_t>> order;
  const auto printable = [](int b) { return (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae; };
  for (int b = 0; b < 256; ++b)
    if (printable(b)) order.emplace_back(uint8_t(b), char32_t(b));
  char32_t next = 0x100;
  for (int b = 0; b < 256; ++b)
    if (!printable(b)) order.emplace_back(uint8_t(b), next++);
  return order;
}

uint64_t pair_key(int32_t left, int32_t right) { return uint64_t(uint32_t(left)) << 32 | uint32_t(right); }

std::u32string collapse_space(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : text) {
    if (!unicode::is_space(c))
      result += c;
    else if (!result.empty() && result.back() != ' ')
      result += U' ';
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

// Length of the word beginning at text[at], by the regular expression of open_clip's tokenizer.py, ignoring case:
// <start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
size_t word_length(std::u32string_view text, size_t at) {
  const std::u32string_view rest = text.substr(at);
  if (rest.starts_with(kStartText)) return kStartText.size();
  if (rest.starts_with(kEndText)) return kEndText.size();
  static constexpr std::u32string_view kSuffixes[] = {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d", U"'\u017f"};
  for (const std::u32string_view suffix : kSuffixes)
    if (rest.starts_with(suffix)) return suffix.size();
  if (unicode::is_number(rest[0])) return 1;
  const bool letters = unicode::is_letter(rest[0]);
  size_t length = 1;
  while (length < rest.size()) {
    const char32_t c = rest[length];
    if (letters ? !unicode::is_letter(c) : unicode::is_letter(c) || unicode::is_number(c) || unicode::is_space(c))
      break;
    ++length;
  }
  return length;
}

std::string inflate_file(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  if (bytes.size() < 2 || bytes[0] != 0x1f || bytes[1] != 0x8b) return std::string(bytes.begin(), bytes.end());
  z_stream stream = {};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw IoError(cat(path.string(), ": cannot start zlib"));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = uInt(bytes.size());
  std::string text;
  int status = Z_OK;
  while (status == Z_OK && text.size() <= kMaxVocabularyFile) {
    char chunk[65536];
    stream.next_out = reinterpret_cast<Bytef*>(chunk);
    stream.avail_out = sizeof chunk;
    status = inflate(&stream, Z_NO_FLUSH);
    text.append(chunk, sizeof chunk - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END) throw FormatError(cat(path.string(), ": incomplete gzip file, or larger than 16 MB"));
  return text;
}

}  // namespace

Tokenizer::Tokenizer() {
  int32_t next = 0;
  for (const auto& [byte, character] : byte_characters()) byte_ids_[byte] = next++;
}

bool Tokenizer::add_merge(int32_t left, int32_t right) {
  const int rank = int(merges_.size());
  return merges_.emplace(pair_key(left, right), Merge{rank, kFirstMerge + rank}).second;
}

Tokenizer::Tokenizer(std::string_view merges) : Tokenizer() {
  // Ids in order: single bytes, bytes at the end of a word, merges.
  std::unordered_map<std::string, int32_t> ids;
  int32_t next = 0;
  for (const auto& [byte, character] : byte_characters()) {
    ids[unicode::encode({&character, 1})] = next;
    ids[unicode::encode({&character, 1}) + "</w>"] = next + 256;
    ++next;
  }
  next = kFirstMerge;
  size_t line_number = 0;
  for (size_t begin = 0; begin < merges.size() && merges_.size() < kMaxMerges; ++line_number) {
    const size_t end = std::min(merges.find('\n', begin), merges.size());
    std::string_view line = merges.substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line_number == 0 || line.empty()) continue;
    const size_t space = line.find(' ');
    const auto left = ids.find(std::string(line.substr(0, space)));
    const auto right = space == line.npos ? ids.end() : ids.find(std::string(line.substr(space + 1)));
    if (left == ids.end() || right == ids.end())
      throw FormatError(cat("BPE vocabulary, line ", line_number + 1, ": expected two known symbols"));
    ids[left->first + right->first] = next++;
    if (!add_merge(left->second, right->second))
      throw FormatError(cat("BPE vocabulary, line ", line_number + 1, ": duplicate merge"));
  }
  if (merges_.empty()) throw FormatError("BPE vocabulary: no merges");
}

Tokenizer Tokenizer::from_merges(std::span<const int32_t> pairs) {
  if (pairs.empty() || pairs.size() % 2 != 0 || pairs.size() / 2 > kMaxMerges)
    throw FormatError(cat("BPE vocabulary: ", pairs.size(), " ids, expected pairs, at most ", kMaxMerges));
  Tokenizer tokenizer;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const int32_t known = kFirstMerge + int32_t(i / 2);
    for (const int32_t id : pairs.subspan(i, 2))
      if (id < 0 || id >= known)
        throw FormatError(cat("BPE vocabulary, merge ", i / 2, ": id ", id, " is not below ", known));
    if (!tokenizer.add_merge(pairs[i], pairs[i + 1]))
      throw FormatError(cat("BPE vocabulary, merge ", i / 2, ": duplicate merge"));
  }
  return tokenizer;
}

std::vector<int32_t> Tokenizer::merges() const {
  std::vector<int32_t> pairs(2 * merges_.size());
  for (const auto& [key, merge] : merges_) {
    pairs[2 * size_t(merge.rank)] = int32_t(key >> 32);
    pairs[2 * size_t(merge.rank) + 1] = int32_t(key & 0xffffffffu);
  }
  return pairs;
}

Tokenizer Tokenizer::load(const std::filesystem::path& path) { return Tokenizer(inflate_file(path)); }

void Tokenizer::append_word(std::string_view bytes, std::vector<int64_t>& ids) const {
  constexpr int kNone = std::numeric_limits<int>::max();
  std::vector<int32_t> symbols;
  for (const char byte : bytes) symbols.push_back(byte_ids_[uint8_t(byte)]);
  symbols.back() += 256;
  std::vector<int> ranks(symbols.size(), kNone);  // of the pair beginning at each symbol
  const auto find = [&](size_t i) {
    return i + 1 < symbols.size() ? merges_.find(pair_key(symbols[i], symbols[i + 1])) : merges_.end();
  };
  const auto refresh = [&](size_t i) {
    const auto it = find(i);
    ranks[i] = it == merges_.end() ? kNone : it->second.rank;
  };
  for (size_t i = 0; i < symbols.size(); ++i) refresh(i);
  while (true) {
    const int best = *std::min_element(ranks.begin(), ranks.end());
    if (best == kNone) break;
    // Merges every occurrence of the best pair in one pass from the left, closing the gaps.
    const int32_t merged = best + kFirstMerge;
    size_t out = 0;
    for (size_t i = 0; i < symbols.size(); ++i, ++out) {
      const bool here = ranks[i] == best;
      symbols[out] = here ? merged : symbols[i];
      if (here) ++i;
    }
    symbols.resize(out);
    ranks.resize(out);
    for (size_t i = 0; i < out; ++i) refresh(i);
  }
  ids.insert(ids.end(), symbols.begin(), symbols.end());
}

std::vector<int64_t> Tokenizer::encode(std::string_view utf8) const {
  if (utf8.size() > kMaxText) throw LimitError(cat("text of ", utf8.size(), " bytes, at most ", kMaxText, " accepted"));
  const std::u32string repaired = repair_text(unicode::decode(utf8));
  const std::u32string text = unicode::lower(collapse_space(unescape_html(unescape_html(repaired))));
  std::vector<int64_t> ids;
  for (size_t at = 0; at < text.size();) {
    if (unicode::is_space(text[at])) {
      ++at;
      continue;
    }
    const size_t length = word_length(text, at);
    const std::u32string_view word = std::u32string_view(text).substr(at, length);
    if (word == kStartText)
      ids.push_back(start());
    else if (word == kEndText)
      ids.push_back(end());
    else
      append_word(unicode::encode(word), ids);
    at += length;
  }
  return ids;
}

std::vector<int64_t> Tokenizer::tokenize(std::string_view utf8, int context) const {
  if (context < 2) throw UsageError(cat("tokenize: context ", context, ", expected at least 2"));
  std::vector<int64_t> ids = {start()};
  const std::vector<int64_t> words = encode(utf8);
  ids.insert(ids.end(), words.begin(), words.begin() + std::ptrdiff_t(std::min(words.size(), size_t(context) - 2)));
  ids.push_back(end());
  ids.resize(size_t(context), 0);
  return ids;
}

}  // namespace daclip
