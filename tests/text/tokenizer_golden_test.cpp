#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "text/tokenizer.h"
#include "text/unicode.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

fs::path tokenizer_folder() {
  const char* root = std::getenv("DACLIP_GOLDEN_DIR");
  return fs::path(root ? root : "../shared/golden") / "tokenizer";
}

uint32_t hex4(const std::string& text, size_t at) { return uint32_t(std::stoul(text.substr(at, 4), nullptr, 16)); }

// Decodes a JSON string literal that is pure ASCII.
std::string from_json_string(const std::string& literal) {
  std::u32string text;
  for (size_t i = 1; i + 1 < literal.size(); ++i) {
    if (literal[i] != '\\') {
      text += char32_t(literal[i]);
      continue;
    }
    const char escape = literal[++i];
    if (escape != 'u') {
      static const std::string names = "bfnrt", controls = "\b\f\n\r\t";
      const size_t which = names.find(escape);
      text += char32_t(which == names.npos ? escape : controls[which]);
      continue;
    }
    uint32_t code = hex4(literal, i + 1);
    i += 4;
    if (code >= 0xd800 && code < 0xdc00) {
      code = 0x10000 + ((code - 0xd800) << 10) + hex4(literal, i + 3) - 0xdc00;
      i += 6;
    }
    text += char32_t(code);
  }
  return unicode::encode(text);
}

// A line of cases.tsv: a JSON string, a tab, the ids without padding.
TEST(TokenizerGolden, every_string_gives_the_reference_ids) {
  const fs::path folder = tokenizer_folder();
  if (!fs::exists(folder)) GTEST_SKIP() << "no " << folder;
  const Tokenizer tokenizer = Tokenizer::load(folder / "bpe_simple_vocab_16e6.txt.gz");
  EXPECT_EQ(tokenizer.vocab(), 49408);
  // the form in which model files store the vocabulary
  const Tokenizer stored = Tokenizer::from_merges(tokenizer.merges());
  EXPECT_EQ(stored.vocab(), 49408);
  std::ifstream file(folder / "cases.tsv");
  int checked = 0;
  for (std::string line; std::getline(file, line); ++checked) {
    const size_t tab = line.find('\t');
    std::istringstream numbers(line.substr(tab + 1));
    std::vector<int64_t> expected;
    for (std::string id; std::getline(numbers, id, ' ');) expected.push_back(std::stoll(id));
    expected.resize(77, 0);
    EXPECT_EQ(tokenizer.tokenize(from_json_string(line.substr(0, tab))), expected) << line.substr(0, tab);
    EXPECT_EQ(stored.tokenize(from_json_string(line.substr(0, tab))), expected) << line.substr(0, tab);
  }
  EXPECT_GT(checked, 0);
  RecordProperty("strings", checked);
}

}  // namespace
}  // namespace daclip
