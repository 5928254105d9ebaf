// The zip archives that torch.save writes: entries stored without compression, so that each is a piece of the file and
// nothing is unpacked or copied.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace daclip {

class ZipArchive {
 public:
  // `bytes` must outlive the archive. Throws FormatError for archives that are truncated, contradict themselves, name
  // an entry twice, or whose entries overlap. Checksums are not verified: PyTorch can be told to leave them out.
  ZipArchive(std::span<const uint8_t> bytes, std::string where);

  static bool starts_like_one(std::span<const uint8_t> bytes);

  bool has(const std::string& name) const { return entries_.contains(name); }

  // Throws FormatError where there is no such entry, or it is compressed or encrypted.
  std::span<const uint8_t> at(const std::string& name) const;

  struct Entry {
    std::span<const uint8_t> data;  // as it lies in the file
    bool stored = true;             // neither compressed nor encrypted
  };
  const std::map<std::string, Entry>& entries() const { return entries_; }

 private:
  struct Directory {
    uint64_t count = 0, offset = 0, size = 0;
  };

  Directory find_directory() const;
  uint64_t read_entry(uint64_t at, uint64_t end);
  std::span<const uint8_t> data_of(uint64_t header, uint64_t size, const std::string& name) const;
  void check_overlap() const;

  std::span<const uint8_t> bytes_;
  std::string where_;
  std::map<std::string, Entry> entries_;
};

}  // namespace daclip
