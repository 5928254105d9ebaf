// The table of picture formats (image/formats.h) on the command line.
#pragma once

#include <string>

#include "verbs.h"

namespace daclip::app {

// --format and --quality of a verb that writes pictures. An empty `format` leaves the choice to the verb; `help` and
// `default_quality` say what they are then.
void add_format_options(CLI::App& verb, std::string& format, int& quality, const std::string& help,
                        const std::string& default_quality = "95");

// "Photos (JPEG, PNG), folders, or - for standard input".
std::string inputs_help();

// Prints the table: Markdown, as docs/formats.md has it, or JSON. Returns the exit code.
int list_formats(bool json);

}  // namespace daclip::app
