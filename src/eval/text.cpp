#include "eval/text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/text.h"

namespace daclip {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// Length of the UTF-8 sequence at the beginning of `text`, or 0 if XML does not allow it.
size_t character_length(std::string_view text) {
  const auto byte = [&](size_t i) { return uint8_t(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return lead >= 32 || lead == '\n' || lead == '\t' ? 1 : 0;
  const size_t length = lead >= 0xf0 && lead < 0xf5   ? 4
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  uint32_t code = lead & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < kSmallest[length] || code > 0x10ffff || surrogate || code == 0xfffe || code == 0xffff ? 0 : length;
}

void append_latex(std::string& result, char c) {
  switch (c) {
    case '\\': result += "\\textbackslash{}"; break;
    case '~': result += "\\textasciitilde{}"; break;
    case '^': result += "\\textasciicircum{}"; break;
    case '<': result += "\\textless{}"; break;
    case '>': result += "\\textgreater{}"; break;
    case '|': result += "\\textbar{}"; break;
    case '{':
    case '}':
    case '$':
    case '&':
    case '#':
    case '_':
    case '%':
      result += '\\';
      result += c;
      break;
    default: result += uint8_t(c) < 32 || c == 127 ? ' ' : c;
  }
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t length = character_length(text.substr(at));
    if (length == 0) {
      result += kReplacement;
      ++at;
      continue;
    }
    switch (text[at]) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += text.substr(at, length);
    }
    at += length;
  }
  return result;
}

std::string escape_latex(std::string_view text) {
  // Symbols in our tables that LaTeX's input encoding lacks.
  constexpr std::pair<std::string_view, std::string_view> kSigns[] = {
      {"−", "$-$"}, {"∞", "$\\infty$"}, {"↑", "$\\uparrow$"}, {"↓", "$\\downarrow$"}, {"…", "\\dots{}"}};
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const auto sign = std::find_if(std::begin(kSigns), std::end(kSigns),
                                   [&](const auto& s) { return text.substr(at).starts_with(s.first); });
    if (sign != std::end(kSigns)) {
      result += sign->second;
      at += sign->first.size();
    } else {
      append_latex(result, text[at++]);
    }
  }
  return result;
}

std::string escape_markdown(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\\|*_`<>[]#~&").find(c) != std::string_view::npos) result += '\\';
    result += uint8_t(c) < 32 ? ' ' : c;
  }
  return result;
}

std::string number_text(double value, int digits) {
  if (std::isnan(value)) return "";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  const std::string text = fixed(std::abs(value), digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return value < 0 && !zero ? "−" + text : text;
}

std::string signed_text(double value, int digits) {
  const std::string text = number_text(value, digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return value > 0 && !zero ? "+" + text : text;
}

std::string plain_name(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    result += plain ? c : '_';
  }
  if (result.empty() || result[0] == '.') result.insert(0, "_");
  return result;
}

}  // namespace daclip
