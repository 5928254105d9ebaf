// What `daclip --version` prints.
#pragma once

#include <string>

namespace daclip::app {

// The version, the commit (left out outside a checkout) and what this build and this machine can do, a line each.
std::string version_text();

}  // namespace daclip::app
