// Reader for the zip archives that torch.save writes. Their entries are stored without compression, so each is a view
// of the file and nothing is copied.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace daclip {

class ZipArchive {
 public:
  // `bytes` must outlive the archive. Throws FormatError for truncated or inconsistent archives, duplicate names and
  // overlapping entries. Checksums are not verified, because PyTorch can omit them.
  ZipArchive(std::span<const uint8_t> bytes, std::string where);

  static bool starts_like_one(std::span<const uint8_t> bytes);

  bool has(const std::string& name) const { return entries_.contains(name); }

  // Throws FormatError if the entry is missing, compressed or encrypted.
  std::span<const uint8_t> at(const std::string& name) const;

  struct Entry {
    std::span<const uint8_t> data;  // view of the file
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
