// UTF-8 and the few properties of Unicode characters that the tokenizer asks for.
#pragma once

#include <string>
#include <string_view>

namespace daclip::unicode {

// Bytes that are not UTF-8 become U+FFFD, one each.
std::u32string decode(std::string_view utf8);
std::string encode(std::u32string_view text);

bool is_letter(char32_t c);  // \p{L}
bool is_number(char32_t c);  // \p{N}
bool is_space(char32_t c);   // Python's str.isspace

std::u32string nfc(std::u32string_view text);
std::u32string nfkc(char32_t c);

// Full lower-casing as Python's str.lower: with the dotted capital I and the final sigma.
std::u32string lower(std::u32string_view text);
std::u32string upper(std::u32string_view text);  // character by character

}  // namespace daclip::unicode
