#include "text/text_repair.h"

#include <algorithm>

#include "text/html_entities.h"
#include "text/unicode.h"

namespace daclip {
namespace {

struct Ligature {
  char32_t from;
  const char32_t* to;
};
constexpr Ligature kLigatures[] = {{0x132, U"IJ"},       {0x133, U"ij"},      {0x149, U"\u02bcn"}, {0x1c4, U"D\u017d"},
                                   {0x1c5, U"D\u017e"},  {0x1c6, U"d\u017e"}, {0x1c7, U"LJ"},      {0x1c8, U"Lj"},
                                   {0x1c9, U"lj"},       {0x1ca, U"NJ"},      {0x1cb, U"Nj"},      {0x1cc, U"nj"},
                                   {0x1f1, U"DZ"},       {0x1f2, U"Dz"},      {0x1f3, U"dz"},      {0xfb00, U"ff"},
                                   {0xfb01, U"fi"},      {0xfb02, U"fl"},     {0xfb03, U"ffi"},    {0xfb04, U"ffl"},
                                   {0xfb05, U"\u017ft"}, {0xfb06, U"st"}};

bool is_unwanted_control(char32_t c) {
  return c <= 0x08 || c == 0x0b || (c >= 0x0e && c <= 0x1f) || c == 0x7f || (c >= 0x206a && c <= 0x206f) ||
         c == 0xfeff || (c >= 0xfff9 && c <= 0xfffc);
}

// Length of the escape sequence at `at` (ESC [, digits and semicolons, a letter), or 0.
size_t terminal_escape(const std::u32string& text, size_t at) {
  if (text[at] != 0x1b || at + 1 >= text.size() || text[at + 1] != '[') return 0;
  size_t end = at + 2;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == ';')) ++end;
  if (end == text.size()) return 0;
  const char32_t letter = text[end] | 0x20;
  return letter >= 'a' && letter <= 'z' && text[end] < 0x80 ? end + 1 - at : 0;
}

void append_repaired(std::u32string& out, char32_t c) {
  if (c >= 0x80 && c <= 0x9f) c = windows_1252(c);
  const auto ligature = std::find_if(std::begin(kLigatures), std::end(kLigatures),
                                     [&](const Ligature& candidate) { return candidate.from == c; });
  if (ligature != std::end(kLigatures)) {
    out += ligature->to;
  } else if (c == 0x3000) {
    out += U' ';
  } else if (c >= 0xff01 && c <= 0xffef) {
    out += unicode::nfkc(c);
  } else if (c == 0x2bc || (c >= 0x2018 && c <= 0x201b)) {
    out += U'\'';
  } else if (c >= 0x201c && c <= 0x201f) {
    out += U'"';
  } else if (c == 0x2028 || c == 0x2029 || c == 0x85) {
    out += U'\n';
  } else {
    out += c;
  }
}

std::u32string repair_once(const std::u32string& line, bool unescape) {
  const std::u32string text = unescape ? unescape_html_strictly(line) : line;
  std::u32string wide;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      wide += U'\n';
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      append_repaired(wide, text[i]);
    }
  }
  std::u32string clean;
  for (size_t i = 0; i < wide.size();) {
    const size_t escape = terminal_escape(wide, i);
    if (escape == 0 && !is_unwanted_control(wide[i])) clean += wide[i];
    i += std::max<size_t>(escape, 1);
  }
  return unicode::nfc(clean);
}

}  // namespace

std::u32string repair_text(const std::u32string& text) {
  std::u32string result;
  bool unescape = true;
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find(U'\n', begin);
    const size_t end = newline == std::u32string::npos ? text.size() : newline + 1;
    std::u32string line = text.substr(begin, end - begin);
    if (line.find(U'<') != std::u32string::npos) unescape = false;  // the text is HTML, so its references are intended
    while (true) {
      std::u32string next = repair_once(line, unescape);
      if (next == line) break;
      line = std::move(next);
    }
    result += line;
    begin = end;
  }
  return result;
}

}  // namespace daclip
