#include "text/unicode.h"

#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "core/error.h"

namespace daclip::unicode {
namespace {

std::u32string normalised(std::string_view utf8, int options) {
  utf8proc_uint8_t* raw = nullptr;
  const utf8proc_ssize_t length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(utf8.data()), utf8proc_ssize_t(utf8.size()), &raw,
                   utf8proc_option_t(UTF8PROC_STABLE | options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> result(raw, &std::free);
  if (length < 0) throw FormatError(cat("text cannot be normalised: ", utf8proc_errmsg(length)));
  return decode({reinterpret_cast<const char*>(raw), size_t(length)});
}

bool is_cased(char32_t c) {
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL || category == UTF8PROC_CATEGORY_LT;
}

// Characters that the final-sigma rule of Unicode skips (property Case_Ignorable).
bool is_case_ignorable(char32_t c) {
  switch (utf8proc_category(utf8proc_int32_t(c))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: return c == '\'' || c == '.' || c == ':' || c == 0xb7 || c == 0x2018 || c == 0x2019;
  }
}

bool is_final_sigma(std::u32string_view text, size_t at) {
  size_t before = at;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  size_t after = at + 1;
  while (after < text.size() && is_case_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

}  // namespace

std::u32string decode(std::string_view utf8) {
  std::u32string text;
  text.reserve(utf8.size());
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
  for (size_t at = 0; at < utf8.size();) {
    utf8proc_int32_t c;
    const utf8proc_ssize_t used = utf8proc_iterate(bytes + at, utf8proc_ssize_t(utf8.size() - at), &c);
    text += used > 0 ? char32_t(c) : U'\ufffd';
    at += used > 0 ? size_t(used) : 1;
  }
  return text;
}

std::string encode(std::u32string_view text) {
  std::string utf8;
  utf8.reserve(text.size());
  for (const char32_t c : text) {
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t length = utf8proc_encode_char(utf8proc_int32_t(c), bytes);
    utf8.append(reinterpret_cast<const char*>(bytes), size_t(length));
  }
  return utf8;
}

bool is_letter(char32_t c) {
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_number(char32_t c) {
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool is_punctuation(char32_t c) {
  const auto category = utf8proc_category(utf8proc_int32_t(c));
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

std::u32string nfc(std::u32string_view text) { return normalised(encode(text), UTF8PROC_COMPOSE); }

std::u32string nfkc(char32_t c) { return normalised(encode({&c, 1}), UTF8PROC_COMPOSE | UTF8PROC_COMPAT); }

std::u32string without_accents(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : normalised(encode(text), UTF8PROC_DECOMPOSE))
    if (utf8proc_category(utf8proc_int32_t(c)) != UTF8PROC_CATEGORY_MN) result += c;
  return result;
}

std::u32string lower(std::u32string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == U'\u0130') {
      result += U"i\u0307";
    } else if (text[i] == U'\u03a3') {
      result += is_final_sigma(text, i) ? U'\u03c2' : U'\u03c3';
    } else {
      result += char32_t(utf8proc_tolower(utf8proc_int32_t(text[i])));
    }
  }
  return result;
}

std::u32string upper(std::u32string_view text) {
  std::u32string result;
  for (const char32_t c : text) result += char32_t(utf8proc_toupper(utf8proc_int32_t(c)));
  return result;
}

}  // namespace daclip::unicode
