#include "image/tiff_tags.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

namespace daclip {
namespace {

enum Type : uint16_t { kByte = 1, kShort = 3, kLong = 4, kRational = 5, kDirectory = 13 };
constexpr size_t kHeader = 8;  // bytes

constexpr std::array<uint8_t, 14> kTypeSizes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};

uint64_t size_of(const TiffTag& tag) {
  return tag.type < kTypeSizes.size() ? uint64_t(kTypeSizes[tag.type]) * tag.count : 0;
}

}  // namespace

TiffTags::TiffTags(std::span<const uint8_t> block) : block_(block) {
  using namespace std::string_view_literals;
  if (block.size() < 8) return;
  const std::string_view magic(reinterpret_cast<const char*>(block.data()), 4);
  big_ = magic == "MM\0*"sv;
  valid_ = (big_ || magic == "II*\0"sv) && first() >= 8 && uint64_t(first()) + 2 <= block.size();
}

uint32_t TiffTags::number(size_t at, size_t bytes) const {
  if (at > block_.size() || bytes > block_.size() - at) return 0;
  uint32_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | block_[at + (big_ ? i : bytes - 1 - i)];
  return value;
}

std::vector<TiffTag> TiffTags::directory(uint32_t at) const {
  std::vector<TiffTag> tags;
  if (at == 0) return tags;
  const size_t end = std::min(end_of(at), block_.size());
  for (size_t entry = size_t(at) + 2; entry + 12 <= end; entry += 12) {
    TiffTag tag{uint16_t(number(entry, 2)), uint16_t(number(entry + 2, 2)), number(entry + 4, 4), 0, entry};
    std::memcpy(&tag.value, block_.data() + entry + 8, 4);
    tags.push_back(tag);
  }
  return tags;
}

TiffTag TiffTags::find(uint32_t directory_at, uint16_t id) const {
  for (const TiffTag& tag : directory(directory_at))
    if (tag.id == id) return tag;
  return {};
}

uint32_t TiffTags::pointer(uint32_t directory_at, uint16_t id) const {
  const uint32_t at = integer(find(directory_at, id));
  return at >= 8 && uint64_t(at) + 2 <= block_.size() ? at : 0;
}

size_t TiffTags::data_at(const TiffTag& tag) const { return size_of(tag) <= 4 ? tag.at + 8 : number(tag.at + 8, 4); }

std::span<const uint8_t> TiffTags::data(const TiffTag& tag) const {
  const uint64_t size = size_of(tag);
  const size_t at = data_at(tag);
  if (size == 0 || at > block_.size() || size > block_.size() - at) return {};
  return block_.subspan(at, size_t(size));
}

uint32_t TiffTags::integer(const TiffTag& tag) const {
  if (tag.count != 1) return 0;
  switch (tag.type) {
    case kByte: return number(data_at(tag), 1);
    case kShort: return number(data_at(tag), 2);
    case kLong:
    case kDirectory: return number(data_at(tag), 4);
    default: return 0;
  }
}

double TiffTags::rational(const TiffTag& tag) const {
  if (tag.type != kRational || data(tag).empty()) return 0;
  const uint32_t denominator = number(data_at(tag) + 4, 4);
  return denominator == 0 ? 0 : double(number(data_at(tag), 4)) / double(denominator);
}

void TiffEditor::set_number(size_t at, size_t bytes, uint32_t value) {
  if (at > block_.size() || bytes > block_.size() - at) return;
  for (size_t i = 0; i < bytes; ++i) block_[at + (big_ ? bytes - 1 - i : i)] = uint8_t(value >> (8 * i));
}

void TiffEditor::set_integer(const TiffTag& tag, uint32_t value) {
  const bool fits = (tag.type == kByte && value <= 0xff) || (tag.type == kShort && value <= 0xffff);
  if (tag.count != 1) return;
  if (fits) {
    set_number(tag.at + 8, kTypeSizes[tag.type], value);
  } else if (tag.type == kByte || tag.type == kShort || tag.type == kLong || tag.type == kDirectory) {
    set_number(tag.at + 2, 2, kLong);
    set_number(tag.at + 8, 4, value);
  }
}

void TiffEditor::remove(uint32_t directory, uint16_t id) {
  const TiffTag tag = tags().find(directory, id);
  if (tag.at == 0) return;
  const size_t end = std::min(tags().end_of(directory) + 4, block_.size());
  std::memmove(block_.data() + tag.at, block_.data() + tag.at + 12, end - tag.at - 12);
  zero(end - 12, 12);
  set_number(directory, 2, tags().number(directory, 2) - 1);
}

void TiffEditor::zero(size_t at, size_t bytes) {
  if (at < kHeader || at >= block_.size()) return;
  std::fill_n(block_.begin() + std::ptrdiff_t(at), std::min(bytes, block_.size() - at), uint8_t(0));
}

TiffTag TiffEditor::make(uint16_t id, uint16_t type, uint32_t count, std::span<const uint8_t> data) {
  TiffTag tag{id, type, count, 0, 0};
  std::array<uint8_t, 4> value{};
  if (data.size() > 4) {
    align();
    for (size_t i = 0; i < 4; ++i) value[big_ ? 3 - i : i] = uint8_t(block_.size() >> (8 * i));
    block_.insert(block_.end(), data.begin(), data.end());
  } else {
    std::copy(data.begin(), data.end(), value.begin());
  }
  std::memcpy(&tag.value, value.data(), 4);
  return tag;
}

TiffTag TiffEditor::make_short(uint16_t id, uint16_t value) {
  const std::array<uint8_t, 2> little = {uint8_t(value), uint8_t(value >> 8)}, big = {little[1], little[0]};
  return make(id, kShort, 1, big_ ? big : little);
}

TiffTag TiffEditor::make_long(uint16_t id, uint32_t value) {
  std::array<uint8_t, 4> data{};
  for (size_t i = 0; i < 4; ++i) data[big_ ? 3 - i : i] = uint8_t(value >> (8 * i));
  return make(id, kLong, 1, data);
}

TiffTag TiffEditor::make_rational(uint16_t id, double value) {
  // Whole numbers stay whole; others keep four digits.
  const uint32_t denominator = value == std::floor(value) ? 1 : 10'000;
  const auto numerator = uint32_t(std::lround(std::min(value, 400'000.0) * denominator));
  std::array<uint8_t, 8> data{};
  for (size_t i = 0; i < 4; ++i) {
    data[big_ ? 3 - i : i] = uint8_t(numerator >> (8 * i));
    data[4 + (big_ ? 3 - i : i)] = uint8_t(denominator >> (8 * i));
  }
  return make(id, kRational, 1, data);
}

uint32_t TiffEditor::append(std::vector<TiffTag> entries, uint32_t next) {
  align();
  std::ranges::stable_sort(entries, {}, &TiffTag::id);
  const size_t at = block_.size();
  block_.resize(at + 2 + entries.size() * 12 + 4);
  set_number(at, 2, uint32_t(entries.size()));
  size_t entry = at + 2;
  for (const TiffTag& tag : entries) {
    set_number(entry, 2, tag.id);
    set_number(entry + 2, 2, tag.type);
    set_number(entry + 4, 4, tag.count);
    std::memcpy(block_.data() + entry + 8, &tag.value, 4);
    entry += 12;
  }
  set_number(entry, 4, next);
  return uint32_t(at);
}

void TiffEditor::align() {
  if (block_.size() % 2 != 0) block_.push_back(0);
}

std::vector<uint8_t> TiffEditor::empty_block(bool big_endian) {
  if (big_endian) return {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0};
  return {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
}

}  // namespace daclip
