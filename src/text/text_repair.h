// Repair of common text corruption.
#pragma once

#include <string>

namespace daclip {

// Python's ftfy.fix_text (6.x) with default options, except that mojibake is kept. Handles HTML references, C1
// controls, Latin ligatures, full- and half-width forms, curly quotes, line breaks, terminal escapes and control
// characters, then normalises to NFC.
std::u32string repair_text(const std::u32string& text);

}  // namespace daclip
