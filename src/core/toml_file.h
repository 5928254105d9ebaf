// Reading TOML files with toml++, which is a header.
#pragma once

#include <toml++/toml.h>

#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/toml_text.h"

namespace daclip {

// Throws IoError, and FormatError "PATH:LINE: what is wrong".
inline toml::table read_toml(const std::filesystem::path& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const size_t line = line_of_stray_character(text))
    throw FormatError(cat(path.string(), ":", line, ": a character that is not ASCII needs quotes"));
  try {
    return toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    throw FormatError(cat(path.string(), ":", error.source().begin.line, ": ", error.description()));
  }
}

}  // namespace daclip
