// Whole files in and out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace daclip {

// Throws IoError naming the path.
std::vector<uint8_t> read_file(const std::filesystem::path& path);

// Writes to a temporary file in the same folder, then renames it over `path`; an existing file is replaced whole or not
// at all, the folder is not created. Flushes to disk first, so that a full disk is seen. Throws IoError naming the path.
void write_file_atomically(const std::filesystem::path& path, std::span<const uint8_t> bytes);

// The same from pieces that stand behind one another in the file.
void write_parts_atomically(const std::filesystem::path& path, std::span<const std::span<const uint8_t>> parts);

// The same from a text, as it is.
void write_text(const std::filesystem::path& path, std::string_view text);

// The one name of a place, whether or not anything is there: absolute, links followed. Of no path none.
std::filesystem::path resolved(const std::filesystem::path& path);

}  // namespace daclip
