// The exceptions that every part of daclip throws, and how their messages are put together.
#pragma once

#include <sstream>
#include <string>

#include "daclip/error.h"

namespace daclip {

// Joins its arguments as operator<< prints them: cat("width ", 3).
template <class... Args>
std::string cat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

}  // namespace daclip
