// Untrusted text in messages.
#pragma once

#include <string>
#include <string_view>

namespace daclip {

// At most 80 characters of `text`, control and non-ASCII characters replaced by '?', so that a message stays one line.
inline std::string printable(std::string_view text) {
  constexpr size_t kShown = 80;
  std::string result(text.substr(0, kShown));
  for (char& c : result)
    if (c < ' ' || c > '~') c = '?';
  if (text.size() > kShown) result += "...";
  return result;
}

}  // namespace daclip
