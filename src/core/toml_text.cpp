#include "core/toml_text.h"

#include <algorithm>
#include <string>

namespace daclip {
namespace {

// Behind the string that starts at `at`; at the end of its line or of the text where its quotes are not closed.
size_t end_of_string(std::string_view text, size_t at) {
  const char quote = text[at];
  const std::string three(3, quote);
  const bool long_form = text.substr(at, 3) == three;
  for (at += long_form ? 3 : 1; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"')
      ++at;
    else if (long_form ? text.substr(at, 3) == three : text[at] == quote)
      return at + (long_form ? 3 : 1);
    else if (text[at] == '\n' && !long_form)
      return at;
  }
  return text.size();
}

}  // namespace

size_t line_of_stray_character(std::string_view toml) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  for (size_t at = toml.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0; at < toml.size();) {
    const char c = toml[at];
    if (c == '#')
      at = std::min(toml.find('\n', at), toml.size());
    else if (c == '"' || c == '\'')
      at = end_of_string(toml, at);
    else if (static_cast<unsigned char>(c) >= 0x80)
      return size_t(std::count(toml.begin(), toml.begin() + std::ptrdiff_t(at), '\n')) + 1;
    else
      ++at;
  }
  return 0;
}

}  // namespace daclip
