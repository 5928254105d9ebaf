#include "image/containers.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "image/codec.h"

namespace daclip {
namespace {

constexpr uint8_t kRecordStart = 0x1c;
constexpr uint32_t kIptcResource = 0x0404;
constexpr std::string_view kRawProfile = "Raw profile type ";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "\nexif\n      42\n4578696600..." with line ends between the digits. Empty where the digits are fewer than said.
std::vector<uint8_t> parse_raw_profile(std::string_view text) {
  const auto skip_line = [&] {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return line;
  };
  if (text.starts_with('\n')) text.remove_prefix(1);
  skip_line();  // the name
  std::string_view number = skip_line();
  number.remove_prefix(std::min(number.find_first_not_of(' '), number.size()));
  size_t size = 0;
  std::from_chars(number.data(), number.data() + number.size(), size);
  std::vector<uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) continue;
    if (high >= 0) bytes.push_back(uint8_t(high * 16 + digit));
    high = high < 0 ? digit : -1;
  }
  if (bytes.size() < size) return {};
  bytes.resize(size);
  return bytes;
}

std::vector<uint8_t> without_prefix(std::span<const uint8_t> bytes, std::string_view prefix) {
  if (starts_with(bytes, prefix)) bytes = bytes.subspan(prefix.size());
  return {bytes.begin(), bytes.end()};
}

// False for profiles that are no metadata.
bool add_profile(Metadata& metadata, std::string_view name, std::span<const uint8_t> bytes) {
  const auto set = [](std::vector<uint8_t>& member, std::vector<uint8_t> value) {
    if (member.empty()) member = std::move(value);
  };
  if (name == "xmp" || starts_with(bytes, kXmpPrefix))
    set(metadata.xmp, without_prefix(bytes, kXmpPrefix));
  else if (name == "exif" || name == "APP1")
    set(metadata.exif, without_prefix(bytes, kExifPrefix));
  else if (name == "iptc" || name == "8bim")
    set(metadata.iptc, starts_with(bytes, "8BIM") ? iptc_of_photoshop(bytes) : iptc_records(bytes));
  else
    return false;
  return true;
}

}  // namespace

bool starts_with(std::span<const uint8_t> bytes, std::string_view prefix) {
  return bytes.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), bytes.begin(), [](char a, uint8_t b) { return uint8_t(a) == b; });
}

std::vector<uint8_t> iptc_records(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> records(bytes.begin(), bytes.end());
  if (records.size() >= 4 && records[0] != kRecordStart && records[3] == kRecordStart)
    for (size_t i = 0; i + 4 <= records.size(); i += 4)
      std::reverse(records.begin() + long(i), records.begin() + long(i + 4));
  size_t end = 0;
  while (end + 5 <= records.size() && records[end] == kRecordStart) {
    const uint32_t length = big_endian(records, end + 3, 2);
    // Lengths with the highest bit set are those of extended records, whose length follows; none are in use.
    if (length >= 0x8000 || length > records.size() - end - 5) break;
    end += 5 + length;
  }
  records.resize(end);
  return records;
}

std::vector<uint8_t> iptc_of_photoshop(std::span<const uint8_t> resources) {
  // Signature, number, name with its length in the first byte, size, data; name and data are padded to even sizes.
  while (resources.size() >= 12 && starts_with(resources, "8BIM")) {
    const size_t name = size_t(resources[6]) / 2 * 2 + 2;
    if (resources.size() < 6 + name + 4) break;
    const size_t size = big_endian(resources, 6 + name, 4), data = 6 + name + 4;
    if (size > resources.size() - data) break;
    if (big_endian(resources, 4, 2) == kIptcResource) return iptc_records(resources.subspan(data, size));
    resources = resources.subspan(std::min(resources.size(), data + size + size % 2));
  }
  return {};
}

std::vector<uint8_t> photoshop_of_iptc(std::span<const uint8_t> iptc) {
  std::vector<uint8_t> resources = {'8', 'B', 'I', 'M', kIptcResource >> 8, kIptcResource & 0xff, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) resources.push_back(uint8_t(iptc.size() >> shift));
  resources.insert(resources.end(), iptc.begin(), iptc.end());
  if (iptc.size() % 2 != 0) resources.push_back(0);
  return resources;
}

void add_png_text(Metadata& metadata, std::string keyword, std::string text) {
  if (keyword == kXmpKeyword) {
    if (metadata.xmp.empty()) metadata.xmp.assign(text.begin(), text.end());
    return;
  }
  const bool raw = keyword.starts_with(kRawProfile);
  if (raw && add_profile(metadata, std::string_view(keyword).substr(kRawProfile.size()), parse_raw_profile(text)))
    return;
  metadata.text.push_back({std::move(keyword), std::move(text)});
}

std::string raw_profile(std::string_view name, std::span<const uint8_t> bytes) {
  constexpr size_t kBytesPerLine = 36;
  static constexpr char kDigits[] = "0123456789abcdef";
  const std::string size = cat(bytes.size());
  std::string text = cat("\n", name, "\n", std::string(8 - std::min<size_t>(size.size(), 8), ' '), size);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % kBytesPerLine == 0) text += '\n';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text + "\n";
}

std::string as_utf8(std::string_view text) {
  const auto is_utf8 = [&] {
    for (size_t i = 0; i < text.size();) {
      const auto c = uint8_t(text[i]);
      const size_t length = c < 0x80                ? 1
                            : c >= 0xc2 && c < 0xe0 ? 2
                            : (c & 0xf0) == 0xe0    ? 3
                            : c >= 0xf0 && c < 0xf5 ? 4
                                                    : 0;
      if (length == 0 || length > text.size() - i) return false;
      // Shorter forms exist, surrogates, beyond Unicode.
      const uint8_t next = length > 2 ? uint8_t(text[i + 1]) : 0x90;
      if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next >= 0xa0) || (c == 0xf0 && next < 0x90) ||
          (c == 0xf4 && next >= 0x90))
        return false;
      for (size_t k = 1; k < length; ++k)
        if ((uint8_t(text[i + k]) & 0xc0) != 0x80) return false;
      i += length;
    }
    return true;
  };
  if (is_utf8()) return std::string(text);
  std::string result;
  for (const char c : text) {
    const auto byte = uint8_t(c);
    if (byte >= 0x80) result += char(0xc0 | byte >> 6);
    result += byte < 0x80 ? c : char(0x80 | (byte & 0x3f));
  }
  return result;
}

}  // namespace daclip
