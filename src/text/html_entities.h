// HTML 5 character references.
#pragma once

#include <string>
#include <string_view>

namespace daclip {

// Replaces named and numeric references once, by the HTML standard's rules for browsers: a few old names need no
// semicolon, and invalid numbers yield U+FFFD or nothing.
std::u32string unescape_html(std::u32string_view text);

// ftfy's stricter variant: the semicolon is required. Names of accented letters may be in capitals ("&EACUTE;").
std::u32string unescape_html_strictly(std::u32string_view text);

// The character that Windows-1252 assigns to a control character 0x80-0x9f. Its five unassigned bytes are returned
// unchanged.
char32_t windows_1252(char32_t control);

}  // namespace daclip
