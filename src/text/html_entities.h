// HTML 5's character references.
#pragma once

#include <string>
#include <string_view>

namespace daclip {

// Replaces named and numeric references, once, as a browser reads them (the standard's rules: a few old names need no
// semicolon, bad numbers give U+FFFD or nothing).
std::u32string unescape_html(std::u32string_view text);

// ftfy's more careful reading: only with the semicolon, and accented letters also in capitals ("&EACUTE;").
std::u32string unescape_html_strictly(std::u32string_view text);

// What Windows-1252 shows for the control characters 0x80-0x9f; the five bytes that it leaves open stay as they are.
char32_t windows_1252(char32_t control);

}  // namespace daclip
