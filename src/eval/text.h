// Words and numbers as tables, pages and charts need them.
#pragma once

#include <string>
#include <string_view>

namespace daclip {

// For the content and the quoted attributes of HTML and SVG. What XML cannot hold (control characters, bytes that are
// no UTF-8) becomes U+FFFD.
std::string escape_xml(std::string_view text);

// For running text in LaTeX; control characters become blanks, the signs of our own tables what LaTeX has for them.
std::string escape_latex(std::string_view text);

// For a cell of a Markdown table; line breaks become blanks.
std::string escape_markdown(std::string_view text);

// "27.43"; "∞" for infinity, empty for NaN. The minus is a real one, "−0.5", and never stands before zero.
std::string number_text(double value, int digits);

// The same with a sign before positive values too.
std::string signed_text(double value, int digits);

// A name for a file or an element's id: what is no ASCII letter, digit, '.', '_' or '-' becomes '_'.
std::string plain_name(std::string_view text);

}  // namespace daclip
