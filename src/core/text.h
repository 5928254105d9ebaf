// Numbers and lists as text.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace daclip {

// "27.43": `value` with `digits` decimals.
inline std::string fixed(double value, int digits) {
  std::string text(size_t(std::snprintf(nullptr, 0, "%.*f", digits, value)), '\0');
  std::snprintf(text.data(), text.size() + 1, "%.*f", digits, value);
  return text;
}

// "a, b or c" for joined(words, ", ", " or ").
template <class Words>
std::string joined(const Words& words, std::string_view between, std::string_view last) {
  std::string text;
  size_t i = 0;
  for (const auto& word : words) {
    if (i > 0) text += i + 1 == words.size() ? last : between;
    text += word;
    ++i;
  }
  return text;
}
template <class Words>
std::string joined(const Words& words, std::string_view between = ", ") {
  return joined(words, between, between);
}

}  // namespace daclip
