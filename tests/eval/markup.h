// Checks that our SVG and HTML are well-formed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daclip::test {

inline size_t count_of(std::string_view text, std::string_view word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

// The first problem with the text as XML, or nothing: elements must be closed in order, attributes quoted, & and <
// escaped. With `html`, void elements may stay open, and the contents of scripts and styles are ignored.
inline std::string markup_problem(std::string_view text, bool html = false) {
  std::vector<std::string> open;
  const auto never_closed = [&](std::string_view name) {
    for (const char* one : {"meta", "link", "img", "input", "br"})
      if (html && name == one) return true;
    return false;
  };
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '&') {
      const size_t end = text.find(';', at);
      if (end == std::string_view::npos || end - at > 8) return "bare & at " + std::string(text.substr(at, 20));
    }
    if (text[at] == '>') return "bare > at " + std::string(text.substr(at, 20));
    if (text[at] != '<') {
      ++at;
      continue;
    }
    const size_t end = text.find('>', at);
    if (end == std::string_view::npos) return "unfinished tag";
    const std::string_view tag = text.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag.starts_with('?') || tag.starts_with('!')) continue;
    if (tag.find('<') != std::string_view::npos) return "< in tag " + std::string(tag);
    if (count_of(tag, "\"") % 2) return "odd quotes in " + std::string(tag);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "unexpected </" + std::string(tag.substr(1)) + ">";
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      const std::string name(tag.substr(0, tag.find_first_of(" \n")));
      if (never_closed(name)) continue;
      open.push_back(name);
      if (html && (name == "script" || name == "style")) at = text.find("</" + name, at);
    }
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

}  // namespace daclip::test
