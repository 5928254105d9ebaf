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

struct TemporaryName;

// A file that gets its name when it is whole: until then it is ".daclip-PID-NUMBER" in the same folder, a name that is
// short, since that of `path` may be as long as the system allows. What a killed process left is removed by the next
// one that writes into the folder.
class UnfinishedFile {
 public:
  // The folder must exist. Throws IoError naming the path.
  explicit UnfinishedFile(std::filesystem::path path);
  ~UnfinishedFile();
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  int descriptor() const { return descriptor_; }  // for writing

  // Flushes the file to disk, so that a full disk is noticed, and renames it over the path. Throws IoError naming it.
  void finish();

 private:
  std::filesystem::path path_, temporary_;
  TemporaryName* slot_ = nullptr;
  int descriptor_ = -1;
  bool finished_ = false;
};

// Through an UnfinishedFile: an existing file is replaced completely or not at all. Throws IoError naming the path.
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
