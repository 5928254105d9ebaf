// Repairs of text that is not quite what was meant.
#pragma once

#include <string>

namespace daclip {

// What Python's ftfy.fix_text (6.x) does by default, but for undoing mojibake: HTML references, C1 controls, Latin
// ligatures, full- and half-width forms, curly quotes, line breaks, terminal escapes, control characters, NFC.
std::u32string repair_text(const std::u32string& text);

}  // namespace daclip
