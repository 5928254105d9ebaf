// BMP: the headers of OS/2 and Windows, 1 to 32 bit, bit fields, run-length coding, embedded profiles.
#include <array>
#include <bit>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "core/error.h"
#include "image/codec.h"

namespace daclip {
namespace {

enum Compression : uint32_t { kPlain = 0, kRuns8 = 1, kRuns4 = 2, kBitFields = 3, kAlphaBitFields = 6 };

constexpr size_t kFileHeader = 14, kOs2Header = 12, kOldHeader = 40, kMasksEnd = 56, kProfileHeader = 124;
// Run-length coding has no limit of its own: a line end is two bytes of any width.
constexpr uint64_t kMostPixelsPerByte = 4096;

using Colour = std::array<uint8_t, 3>;

// One component of a pixel: the bits that it takes, scaled to 8.
struct Component {
  uint32_t mask = 0;

  uint8_t of(uint32_t pixel) const {
    if (mask == 0) return 0;
    const int shift = std::countr_zero(mask);
    return uint8_t((uint64_t((pixel & mask) >> shift) * 255 + (mask >> shift) / 2) / (mask >> shift));
  }
};

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits)
      : bytes_(bytes), where_(where) {
    read_header();
    check_size(where, width_, height_, limits);
    if (bits_ <= 8) read_palette();
    // Some writers leave the offset out; the pixels then follow the palette.
    if (offset_ < palette_end_) offset_ = palette_end_;
    if (offset_ > bytes.size()) too_short();
    if (runs() ? width_ * height_ > kMostPixelsPerByte * bytes.size() : row_bytes() * height_ > bytes.size() - offset_)
      too_short();
  }

  Image read() {
    Image image = start_image(width_, height_, channels(), 8);
    image.data.resize(image.samples());
    if (bits_ <= 8)
      runs() ? read_runs(image) : read_indices(image);
    else
      read_components(image);
    if (image.has_alpha() && no_alpha_is_set(image)) drop_alpha(image);
    image.icc = profile();
    return image;
  }

 private:
  [[noreturn]] void fail(std::string_view text) const { fail_decoding(where_, "BMP", text); }
  [[noreturn]] void too_short() const { fail(cat("the file is too short for ", width_, "x", height_, " pixels")); }

  // Little-endian; what lies beyond the end is the caller's mistake.
  uint32_t number(size_t at, size_t n) const {
    uint32_t value = 0;
    for (size_t i = 0; i < n; ++i) value |= uint32_t(bytes_[at + i]) << (8 * i);
    return value;
  }

  bool runs() const { return compression_ == kRuns8 || compression_ == kRuns4; }
  uint64_t row_bytes() const { return (width_ * bits_ + 31) / 32 * 4; }
  int channels() const { return bits_ <= 8 ? (grey_ ? 1 : 3) : components_[3].mask != 0 ? 4 : 3; }

  void read_header() {
    constexpr std::string_view kEnds = "the file ends in its header";
    if (bytes_.size() < kFileHeader + kOs2Header) fail(kEnds);
    offset_ = number(10, 4);
    header_ = number(kFileHeader, 4);
    const bool os2 = header_ == kOs2Header;  // 16-bit fields, palette entries of three bytes
    if (!os2 && (header_ < 16 || header_ > 4096)) fail(cat("a header of ", header_, " bytes is unknown"));
    if (bytes_.size() < kFileHeader + header_) fail(kEnds);
    width_ = number(18, os2 ? 2 : 4);
    height_ = number(os2 ? 20 : 22, os2 ? 2 : 4);
    bits_ = number(os2 ? 24 : 28, 2);
    if (!os2 && int32_t(width_) < 0) fail("negative width");
    top_down_ = !os2 && int32_t(height_) < 0;
    if (top_down_) height_ = uint64_t(-int64_t(int32_t(height_)));
    if (header_ >= kOldHeader) compression_ = number(30, 4);
    palette_end_ = kFileHeader + header_;
    check_coding();
    if (bits_ > 8) read_masks();
  }

  void check_coding() const {
    const bool fields = compression_ == kBitFields || compression_ == kAlphaBitFields;
    const bool plain = compression_ == kPlain && (bits_ == 1 || bits_ == 2 || bits_ == 4 || bits_ == 8 || bits_ == 16 ||
                                                  bits_ == 24 || bits_ == 32);
    if (plain || (fields && header_ != 64 && (bits_ == 16 || bits_ == 32)) || (compression_ == kRuns8 && bits_ == 8) ||
        (compression_ == kRuns4 && bits_ == 4))
      return;
    fail(cat("coding ", compression_, " with ", bits_, " bits is not supported"));
  }

  void read_masks() {
    if (compression_ == kPlain) {
      const bool five = bits_ == 16;
      components_ = {Component{five ? 0x7c00u : 0xff0000u},
                     {five ? 0x3e0u : 0xff00u},
                     {five ? 0x1fu : 0xffu},
                     {bits_ == 32 ? 0xff000000u : 0}};
      return;
    }
    const bool alpha = compression_ == kAlphaBitFields || header_ >= kMasksEnd;
    const size_t count = alpha ? 4 : 3, at = kFileHeader + kOldHeader;
    palette_end_ = std::max(palette_end_, uint64_t(at + 4 * count));
    if (bytes_.size() < palette_end_) fail("the file ends in its header");
    for (size_t i = 0; i < count; ++i) components_[i].mask = number(at + 4 * i, 4);
  }

  void read_palette() {
    const size_t entry = header_ == kOs2Header ? 3 : 4;
    uint64_t count = header_ >= kOldHeader ? number(46, 4) : 0;
    if (count == 0 || count > (1u << bits_)) count = 1u << bits_;
    const uint64_t start = palette_end_, room = bytes_.size() - start;
    // OS/2's header does not count its entries: there are as many as fit before the pixels.
    if (offset_ > start) count = std::min(count, (offset_ - start) / entry);
    if (count * entry > room) fail("the file ends in its palette");
    palette_end_ = start + count * entry;
    palette_.fill(Colour{0, 0, 0});
    grey_ = count > 0;
    for (size_t i = 0; i < count; ++i) {
      const uint8_t* bgr = bytes_.data() + start + i * entry;
      palette_[i] = {bgr[2], bgr[1], bgr[0]};
      grey_ = grey_ && bgr[0] == bgr[1] && bgr[1] == bgr[2];
    }
  }

  // Row y as it is stored, in the picture.
  uint8_t* row(Image& image, uint64_t y) const {
    return image.data.data() + (top_down_ ? y : height_ - 1 - y) * width_ * uint64_t(image.channels);
  }

  void set_index(uint8_t* row, uint64_t x, unsigned index) const {
    if (grey_)
      row[x] = palette_[index][0];
    else
      std::memcpy(row + 3 * x, palette_[index].data(), 3);
  }

  void read_indices(Image& image) const {
    const unsigned in_byte = 8 / bits_, mask = (1u << bits_) - 1;
    for (uint64_t y = 0; y < height_; ++y) {
      const uint8_t* from = bytes_.data() + offset_ + y * row_bytes();
      uint8_t* to = row(image, y);
      for (uint64_t x = 0; x < width_; ++x)
        set_index(to, x, (from[x / in_byte] >> (8 - bits_ * (1 + x % in_byte))) & mask);
    }
  }

  void read_components(Image& image) const {
    const size_t step = bits_ / 8;
    for (uint64_t y = 0; y < height_; ++y) {
      size_t from = size_t(offset_ + y * row_bytes());
      uint8_t* to = row(image, y);
      for (uint64_t x = 0; x < width_; ++x, from += step) {
        const uint32_t pixel = number(from, step);
        for (int c = 0; c < image.channels; ++c) *to++ = components_[size_t(c)].of(pixel);
      }
    }
  }

  // Pairs of bytes: a count and an index to repeat, or 0 and a line end (0), the end (1), a move (2: right and up) or a
  // count of indices that follow, padded to 16 bit. What is never written keeps the first colour of the palette.
  void read_runs(Image& image) const {
    for (uint64_t i = 0; i < image.pixels(); ++i) set_index(image.data.data(), i, 0);
    const bool nibbles = compression_ == kRuns4;
    const auto index = [&](uint8_t byte, unsigned i) -> unsigned {
      return nibbles ? (i % 2 ? byte & 15 : byte >> 4) : byte;
    };
    uint64_t x = 0, y = 0;
    size_t at = size_t(offset_);
    while (y < height_) {
      if (bytes_.size() - at < 2) too_short();
      const unsigned count = bytes_[at], value = bytes_[at + 1];
      at += 2;
      if (count == 0 && value == 1) return;
      if (count == 0 && value == 0) {
        x = 0, ++y;
      } else if (count == 0 && value == 2) {
        if (bytes_.size() - at < 2) too_short();
        x += bytes_[at], y += bytes_[at + 1];
        at += 2;
      } else {
        const unsigned n = count ? count : value;
        const size_t stored = count ? 0 : nibbles ? (n + 1) / 2 : n;
        if (bytes_.size() - at < stored) too_short();
        for (unsigned i = 0; i < n && x < width_; ++i, ++x)
          set_index(row(image, y), x, index(count ? uint8_t(value) : bytes_[at + (nibbles ? i / 2 : i)], i));
        at = std::min(at + (stored + 1) / 2 * 2, bytes_.size());
        if (x >= width_ && y + 1 == height_ && at == bytes_.size()) return;  // no end marker after the last pixel
      }
    }
  }

  // Without a mask of its own the fourth byte of 32 is alpha only where some pixel sets it.
  static bool no_alpha_is_set(const Image& image) {
    for (size_t i = 3; i < image.data.size(); i += 4)
      if (image.data[i] != 0) return false;
    return true;
  }

  std::vector<uint8_t> profile() const {
    constexpr uint32_t kEmbedded = 0x4d424544;  // 'MBED'
    if (header_ < kProfileHeader || number(70, 4) != kEmbedded) return {};
    const uint64_t at = kFileHeader + uint64_t(number(126, 4)), size = number(130, 4);
    if (at > bytes_.size() || size > bytes_.size() - at) return {};
    return {bytes_.begin() + ptrdiff_t(at), bytes_.begin() + ptrdiff_t(at + size)};
  }

  std::span<const uint8_t> bytes_;
  std::string_view where_;
  uint64_t width_ = 0, height_ = 0, offset_ = 0, palette_end_ = 0;
  uint32_t header_ = 0, bits_ = 0, compression_ = kPlain;
  bool top_down_ = false, grey_ = false;
  std::array<Component, 4> components_;
  std::array<Colour, 256> palette_;
};

}  // namespace

Image decode_bmp(std::span<const uint8_t> bytes, std::string_view where, const DecodeLimits& limits) {
  return Reader(bytes, where, limits).read();
}

}  // namespace daclip
