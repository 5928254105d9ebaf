// UTF-8 and the Unicode character properties that the tokenizer needs.
#pragma once

#include <string>
#include <string_view>

namespace daclip::unicode {

// Each byte that is not valid UTF-8 becomes U+FFFD.
std::u32string decode(std::string_view utf8);
std::string encode(std::u32string_view text);

bool is_letter(char32_t c);       // \p{L}
bool is_number(char32_t c);       // \p{N}
bool is_punctuation(char32_t c);  // \p{P}
bool is_space(char32_t c);        // Python's str.isspace

std::u32string nfc(std::u32string_view text);
std::u32string nfkc(char32_t c);

// Decomposed (NFD), without combining marks.
std::u32string without_accents(std::u32string_view text);

// Full lower-casing like Python's str.lower, including dotted capital I and final sigma.
std::u32string lower(std::u32string_view text);
std::u32string upper(std::u32string_view text);  // character by character

}  // namespace daclip::unicode
