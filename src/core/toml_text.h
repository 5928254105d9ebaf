// What toml++ does not check itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace daclip {

// The first line (from 1) with a character that is not ASCII outside of strings and comments, which TOML does not
// allow; 0 where there is none. toml++ 3.3 reaches code that it declares unreachable for some of them.
size_t line_of_stray_character(std::string_view toml);

}  // namespace daclip
