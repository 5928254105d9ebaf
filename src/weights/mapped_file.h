// Memory-mapped files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace daclip {

struct SharedBytes {
  std::span<const uint8_t> bytes;
  std::shared_ptr<const void> owner;
};

// Maps a regular file read-only. The mapping lives as long as its last user. Throws IoError naming the path.
SharedBytes map_file(const std::filesystem::path& path);

SharedBytes share(std::vector<uint8_t> bytes);

}  // namespace daclip
