// Formatting of text and numbers for tables, pages and charts.
#pragma once

#include <string>
#include <string_view>

namespace daclip {

// For content and quoted attributes of HTML and SVG. What XML cannot represent (control characters, invalid UTF-8)
// becomes U+FFFD.
std::string escape_xml(std::string_view text);

// For running text in LaTeX. Control characters become spaces; symbols that our tables use become LaTeX commands.
std::string escape_latex(std::string_view text);

// For a cell of a Markdown table. Line breaks become spaces.
std::string escape_markdown(std::string_view text);

// "27.43"; "∞" for infinity, empty for NaN. Negative numbers have a true minus sign, "−0.5"; zero never has a sign.
std::string number_text(double value, int digits);

// Same, with a sign before positive values too.
std::string signed_text(double value, int digits);

// A name for a file or an HTML id: every character except ASCII letters, digits, '.', '_' and '-' becomes '_'.
std::string plain_name(std::string_view text);

}  // namespace daclip
