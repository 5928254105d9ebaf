// Reading and writing whole files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace daclip {

// Reads files, pipes and devices alike. Throws IoError naming the path.
std::vector<uint8_t> read_file(const std::filesystem::path& path);

// Writes to a temporary file in the same folder, flushes it to disk so that a full disk is noticed, and renames it over
// `path`. An existing file is replaced completely or not at all. The folder must exist. Throws IoError naming the path.
void write_file_atomically(const std::filesystem::path& path, std::span<const uint8_t> bytes);

// Same, with the contents given in consecutive pieces.
void write_parts_atomically(const std::filesystem::path& path, std::span<const std::span<const uint8_t>> parts);

// Same, for text. Nothing is appended or converted.
void write_text(const std::filesystem::path& path, std::string_view text);

// For programs, at their start: a file above the size limit is a failed write (SIGXFSZ is ignored), and SIGINT, SIGTERM
// and SIGHUP remove the temporary files of unfinished writes before they end the program.
void prepare_signals();

// Absolute path with symlinks resolved; the path need not exist. An empty path stays empty.
std::filesystem::path resolved(const std::filesystem::path& path);

}  // namespace daclip
