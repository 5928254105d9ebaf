#include "text/html_entities.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include "text/unicode.h"

namespace daclip {
namespace {

constexpr std::string_view kTable =
#include "text/html_entities.inc"
    ;

constexpr size_t kMaxName = 32;

struct Entity {
  std::u32string text;
  bool semicolon_optional;
};

using Entities = std::unordered_map<std::string_view, Entity>;

Entities read_table() {
  Entities entities;
  for (size_t begin = 0; begin < kTable.size();) {
    const size_t end = kTable.find(' ', begin);
    const std::string_view item = kTable.substr(begin, end - begin);
    const size_t mark = item.find_first_of(":!");
    std::u32string text;
    for (size_t at = mark; at < item.size();) {
      unsigned code = 0;
      const char* stop = std::from_chars(item.data() + at + 1, item.data() + item.size(), code, 16).ptr;
      text += char32_t(code);
      at = size_t(stop - item.data());
    }
    entities.emplace(item.substr(0, mark), Entity{std::move(text), item[mark] == '!'});
    begin = end + 1;
  }
  return entities;
}

const Entity* find_entity(std::string_view name) {
  static const Entities entities = read_table();
  const auto it = entities.find(name);
  return it == entities.end() ? nullptr : &it->second;
}

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_hex(char32_t c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_alphanumeric(char32_t c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The character of a numeric reference after the standard's corrections; empty if it is dropped.
std::u32string numbered(uint32_t code) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return U"\ufffd";
  if (code == 0x0d) return U"\r";
  if (code >= 0x80 && code <= 0x9f) return std::u32string(1, windows_1252(char32_t(code)));
  const bool control = code <= 0x08 || code == 0x0b || (code >= 0x0e && code <= 0x1f) || code == 0x7f;
  if (control || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe) return U"";
  return std::u32string(1, char32_t(code));
}

// A reference beginning at text[at] == '&': its replacement and its length, which is 0 if there is none.
struct Match {
  std::u32string text;
  size_t length = 0;
};

Match match_number(std::u32string_view text, size_t at, bool strict) {
  const bool hex = at + 2 < text.size() && (text[at + 2] | 0x20) == 'x' && text[at + 2] < 0x80;
  size_t end = at + (hex ? 3 : 2);
  const size_t digits = end;
  uint32_t code = 0;
  for (; end < text.size() && (hex ? is_hex(text[end]) : is_digit(text[end])); ++end) {
    const char32_t c = text[end];
    const uint32_t digit = is_digit(c) ? uint32_t(c - '0') : uint32_t((c | 0x20) - 'a' + 10);
    // clamped: all values above Unicode's range are invalid alike
    code = std::min<uint32_t>(code * (hex ? 16 : 10) + digit, 0x110000);
  }
  if (end == digits) return {};
  const bool semicolon = end < text.size() && text[end] == ';';
  if (strict && !semicolon) return {};
  return {numbered(code), end + (semicolon ? 1 : 0) - at};
}

Match match_name(std::u32string_view text, size_t at) {
  std::string name;
  size_t end = at + 1;
  const std::u32string_view stops = U"\t\n\f <&#;";
  for (; end < text.size() && name.size() < kMaxName && stops.find(text[end]) == stops.npos; ++end)
    name += text[end] < 0x80 ? char(text[end]) : '\x7f';  // 0x7f never matches: all names are ASCII
  if (end < text.size() && text[end] == ';')
    if (const Entity* entity = find_entity(name)) return {entity->text, end + 1 - at};
  for (size_t length = name.size(); length > 1; --length) {
    const Entity* entity = find_entity(std::string_view(name).substr(0, length));
    if (entity && entity->semicolon_optional) return {entity->text, 1 + length};
  }
  return {};
}

Match match_name_strictly(std::u32string_view text, size_t at) {
  constexpr size_t kMaxStrictName = 24;
  std::string name;
  size_t end = at + 1;
  for (; end < text.size() && name.size() < kMaxStrictName && is_alphanumeric(text[end]); ++end)
    name += char(text[end]);
  if (end == text.size() || text[end] != ';') return {};
  if (const Entity* entity = find_entity(name)) return {entity->text, end + 1 - at};
  const bool capitals = std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!capitals) return {};
  for (char& c : name) c = char(is_digit(char32_t(c)) ? c : c | 0x20);
  const Entity* entity = find_entity(name);
  return entity ? Match{unicode::upper(entity->text), end + 1 - at} : Match{};
}

std::u32string unescape(std::u32string_view text, bool strict) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    Match match;
    if (text[at] == '&') {
      if (at + 1 < text.size() && text[at + 1] == '#')
        match = match_number(text, at, strict);
      else
        match = strict ? match_name_strictly(text, at) : match_name(text, at);
    }
    if (match.length > 0) {
      result += match.text;
      at += match.length;
    } else {
      result += text[at++];
    }
  }
  return result;
}

}  // namespace

std::u32string unescape_html(std::u32string_view text) { return unescape(text, false); }

std::u32string unescape_html_strictly(std::u32string_view text) { return unescape(text, true); }

char32_t windows_1252(char32_t control) {
  static constexpr std::array<char32_t, 32> kShown = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                      0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
                                                      0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                      0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};
  return control >= 0x80 && control <= 0x9f ? kShown[control - 0x80] : control;
}

}  // namespace daclip
