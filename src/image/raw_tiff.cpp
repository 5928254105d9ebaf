#include "image/raw_tiff.h"

#include <algorithm>
#include <array>
#include <vector>

namespace daclip {
namespace {

constexpr size_t kMostDirectories = 64;  // of one file; the chains of damaged ones may be circles

class Walk {
 public:
  explicit Walk(std::span<const uint8_t> bytes) : bytes_(bytes), big_(bytes[0] == 'M') {}

  bool finds_a_mosaic() {
    add(number(4, 4));
    for (size_t i = 0; i < open_.size(); ++i)
      if (read_directory(open_[i])) return true;
    return false;
  }

 private:
  // 0 beyond the end.
  uint32_t number(uint64_t at, int n) const {
    if (at + uint64_t(n) > bytes_.size()) return 0;
    uint32_t value = 0;
    for (int i = 0; i < n; ++i) value |= uint32_t(bytes_[at + uint64_t(i)]) << 8 * (big_ ? n - 1 - i : i);
    return value;
  }

  bool read_directory(uint32_t at) {
    constexpr uint32_t kCompression = 259, kPhotometric = 262, kSubDirectories = 330, kShort = 3;
    // Nikon, Sony, Samsung, Kodak, Pentax
    static constexpr std::array<uint32_t, 6> kOfSensors = {34713, 32767, 32770, 65000, 65535, 32769};
    constexpr uint32_t kMosaic = 32803, kLinearRaw = 34892;
    const uint32_t entries = number(at, 2);
    for (uint32_t i = 0; i < entries; ++i) {
      const uint64_t entry = at + 2 + 12 * uint64_t(i);
      const uint32_t tag = number(entry, 2), count = number(entry + 4, 4);
      const uint32_t value = number(entry + 8, number(entry + 2, 2) == kShort ? 2 : 4);
      if (tag == kPhotometric && (value == kMosaic || value == kLinearRaw)) return true;
      if (tag == kCompression && std::ranges::count(kOfSensors, value)) return true;
      if (tag == kSubDirectories && count == 1) add(value);
      if (tag == kSubDirectories && count > 1)
        for (uint32_t k = 0; k < count && k < kMostDirectories; ++k) add(number(value + 4 * uint64_t(k), 4));
    }
    add(number(at + 2 + 12 * uint64_t(entries), 4));
    return false;
  }

  void add(uint32_t directory) {
    if (directory != 0 && open_.size() < kMostDirectories) open_.push_back(directory);
  }

  std::span<const uint8_t> bytes_;
  bool big_;
  std::vector<uint32_t> open_;
};

}  // namespace

bool is_raw_tiff(std::span<const uint8_t> bytes) {
  constexpr std::array<uint8_t, 4> kLittle = {'I', 'I', 42, 0}, kBig = {'M', 'M', 0, 42};
  if (bytes.size() < 16) return false;
  if (!std::ranges::equal(bytes.first(4), kLittle) && !std::ranges::equal(bytes.first(4), kBig)) return false;
  return Walk(bytes).finds_a_mosaic();
}

}  // namespace daclip
