// Texts for people: what messages and tables are made of.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

namespace daclip::app {

// As the system calls it, or "unknown processor".
std::string processor_name();

// "98 %", never rounded up to 100.
std::string percent(float probability);

// A line for this file descriptor: on a terminal, control characters, which names may hold, as "\x1b".
std::string shown(std::string line, int descriptor);

// "daclip: MESSAGE" on standard error.
void complain(const std::string& message);

// What to make of photos whose recognition is unsure (pipeline/confidence.h), in one line.
std::string unsure_note(size_t photos);

}  // namespace daclip::app
