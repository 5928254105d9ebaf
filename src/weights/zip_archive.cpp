#include "weights/zip_archive.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/checked.h"
#include "core/error.h"
#include "weights/printable.h"

namespace daclip {
namespace {

// Signatures and sizes of records, from section 4.3 of PKWARE's APPNOTE.
constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr uint64_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20;
constexpr uint16_t kZip64Field = 1, kSaturated16 = 0xffff;
constexpr uint32_t kSaturated32 = 0xffffffff;

template <class T>
T read(std::span<const uint8_t> bytes, uint64_t at, const std::string& where) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) throw FormatError(cat(where, ": truncated zip archive"));
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

}  // namespace

bool ZipArchive::starts_like_one(std::span<const uint8_t> bytes) {
  return bytes.size() >= 4 && std::memcmp(bytes.data(), "PK\3\4", 4) == 0;
}

ZipArchive::ZipArchive(std::span<const uint8_t> bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {
  const Directory directory = find_directory();
  if (directory.offset > bytes_.size() || directory.size > bytes_.size() - directory.offset)
    throw FormatError(cat(where_, ": the zip directory lies outside the file's ", bytes_.size(), " bytes"));
  if (directory.count > directory.size / kCentralSize)
    throw FormatError(
        cat(where_, ": zip directory of ", directory.size, " bytes cannot hold ", directory.count, " entries"));
  uint64_t at = directory.offset;
  for (uint64_t i = 0; i < directory.count; ++i) at = read_entry(at, directory.offset + directory.size);
  check_overlap();
}

ZipArchive::Directory ZipArchive::find_directory() const {
  if (bytes_.size() < kEndSize) throw FormatError(cat(where_, ": truncated zip archive"));
  // The end record holds the length of the comment that follows it, at most 65535 bytes.
  const uint64_t last = bytes_.size() - kEndSize, first = last > 0xffff ? last - 0xffff : 0;
  uint64_t end = last + 1;
  while (end-- > first)
    if (read<uint32_t>(bytes_, end, where_) == kEnd &&
        end + kEndSize + read<uint16_t>(bytes_, end + 20, where_) == bytes_.size())
      break;
  if (end + 1 == first) throw FormatError(cat(where_, ": zip archive has no directory; the file may be truncated"));

  Directory directory{read<uint16_t>(bytes_, end + 10, where_), read<uint32_t>(bytes_, end + 16, where_),
                      read<uint32_t>(bytes_, end + 12, where_)};
  if (directory.count != kSaturated16 && directory.offset != kSaturated32 && directory.size != kSaturated32)
    return directory;
  if (end < kLocatorSize || read<uint32_t>(bytes_, end - kLocatorSize, where_) != kLocator64)
    throw FormatError(cat(where_, ": zip archive lacks its 64-bit directory"));
  const uint64_t record = read<uint64_t>(bytes_, end - kLocatorSize + 8, where_);
  if (record > bytes_.size() || bytes_.size() - record < kEnd64Size || read<uint32_t>(bytes_, record, where_) != kEnd64)
    throw FormatError(cat(where_, ": zip archive lacks its 64-bit directory"));
  return {read<uint64_t>(bytes_, record + 32, where_), read<uint64_t>(bytes_, record + 48, where_),
          read<uint64_t>(bytes_, record + 40, where_)};
}

// Reads the directory record at `at`; returns the position of the next one.
uint64_t ZipArchive::read_entry(uint64_t at, uint64_t end) {
  if (at > end || end - at < kCentralSize || read<uint32_t>(bytes_, at, where_) != kCentral)
    throw FormatError(cat(where_, ": damaged zip directory at byte ", at));
  const uint16_t flags = read<uint16_t>(bytes_, at + 8, where_), method = read<uint16_t>(bytes_, at + 10, where_);
  uint64_t compressed = read<uint32_t>(bytes_, at + 20, where_), size = read<uint32_t>(bytes_, at + 24, where_);
  const uint64_t name_size = read<uint16_t>(bytes_, at + 28, where_);
  const uint64_t extra_size = read<uint16_t>(bytes_, at + 30, where_);
  const uint64_t comment_size = read<uint16_t>(bytes_, at + 32, where_);
  uint64_t header = read<uint32_t>(bytes_, at + 42, where_);
  const uint64_t next = at + kCentralSize + name_size + extra_size + comment_size;
  if (next > end) throw FormatError(cat(where_, ": damaged zip directory at byte ", at));
  const std::string name(reinterpret_cast<const char*>(bytes_.data()) + at + kCentralSize, size_t(name_size));

  // Saturated sizes and offsets are replaced by values in the zip64 field, in this order.
  const uint64_t extra_end = at + kCentralSize + name_size + extra_size;
  for (uint64_t field = at + kCentralSize + name_size; field + 4 <= extra_end;) {
    const uint16_t id = read<uint16_t>(bytes_, field, where_);
    const uint64_t field_end = field + 4 + read<uint16_t>(bytes_, field + 2, where_);
    uint64_t value = field + 4;
    if (id == kZip64Field && field_end <= extra_end)
      for (uint64_t* saturated : {&size, &compressed, &header})
        if (*saturated == kSaturated32 && value + 8 <= field_end) {
          *saturated = read<uint64_t>(bytes_, value, where_);
          value += 8;
        }
    field = field_end;
  }

  Entry entry;
  entry.stored = method == 0 && (flags & 1) == 0;
  if (entry.stored && compressed != size)
    throw FormatError(
        cat(where_, ": zip entry ", printable(name), " is stored, but its sizes differ: ", compressed, " and ", size));
  entry.data = data_of(header, compressed, name);
  if (!entries_.emplace(name, entry).second) throw FormatError(cat(where_, ": duplicate zip entry ", printable(name)));
  return next;
}

std::span<const uint8_t> ZipArchive::data_of(uint64_t header, uint64_t size, const std::string& name) const {
  if (header > bytes_.size() || bytes_.size() - header < kLocalSize || read<uint32_t>(bytes_, header, where_) != kLocal)
    throw FormatError(cat(where_, ": zip entry ", printable(name), " has no header at byte ", header));
  const uint64_t begin =
      header + kLocalSize + read<uint16_t>(bytes_, header + 26, where_) + read<uint16_t>(bytes_, header + 28, where_);
  if (begin > bytes_.size() || size > bytes_.size() - begin)
    throw FormatError(
        cat(where_, ": zip entry ", printable(name), " of ", size, " bytes lies outside the file's ", bytes_.size()));
  return bytes_.subspan(size_t(begin), size_t(size));
}

void ZipArchive::check_overlap() const {
  std::vector<std::span<const uint8_t>> pieces;
  for (const auto& [name, entry] : entries_)
    if (!entry.data.empty()) pieces.push_back(entry.data);
  std::sort(pieces.begin(), pieces.end(), [](const auto& a, const auto& b) { return a.data() < b.data(); });
  for (size_t i = 1; i < pieces.size(); ++i)
    if (pieces[i - 1].data() + pieces[i - 1].size() > pieces[i].data())
      throw FormatError(cat(where_, ": zip entries overlap at byte ", pieces[i].data() - bytes_.data()));
}

std::span<const uint8_t> ZipArchive::at(const std::string& name) const {
  const auto it = entries_.find(name);
  if (it == entries_.end()) throw FormatError(cat(where_, ": zip archive without ", printable(name)));
  if (!it->second.stored)
    throw FormatError(cat(where_, ": zip entry ", printable(name), " is compressed or encrypted, expected stored"));
  return it->second.data;
}

}  // namespace daclip
