#include "data/lossless.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/checked.h"
#include "core/error.h"

namespace daclip {
namespace {

constexpr int kContexts = 8;  // number of contexts by neighbourhood activity
constexpr int kEscape = 20;   // this many zeros announce a residual in plain 8 bits
constexpr int kHalving = 64;  // residuals after which a context's statistics are halved, as in LOCO-I

class BitWriter {
 public:
  void put(uint32_t value, int count) {
    buffer_ = (buffer_ << count) | value;
    filled_ += count;
    while (filled_ >= 8) {
      filled_ -= 8;
      bytes_.push_back(uint8_t(buffer_ >> filled_));
    }
  }
  std::vector<uint8_t> finish() {
    if (filled_ > 0) put(0, 8 - filled_);
    return std::move(bytes_);
  }

 private:
  std::vector<uint8_t> bytes_;
  uint64_t buffer_ = 0;
  int filled_ = 0;
};

class BitReader {
 public:
  BitReader(std::span<const uint8_t> bytes, std::string_view where) : bytes_(bytes), where_(where) {}

  uint32_t get(int count) {
    if (count == 0) return 0;
    need(count);
    filled_ -= count;
    return uint32_t(buffer_ >> filled_) & ((1u << count) - 1);
  }

  // Counts zeros up to the next one bit, at most `limit`. The one is consumed; at the limit there is none.
  int zeros(int limit) {
    int count = 0;
    while (count < limit && get(1) == 0) ++count;
    return count;
  }

  void finish() const {
    if (position_ != bytes_.size()) throw FormatError(cat(where_, ": ", bytes_.size() - position_, " unused bytes"));
  }

 private:
  void need(int count) {
    while (filled_ < count) {
      if (position_ == bytes_.size()) throw FormatError(cat(where_, ": truncated picture"));
      buffer_ = (buffer_ << 8) | bytes_[position_++];
      filled_ += 8;
    }
  }

  std::span<const uint8_t> bytes_;
  std::string_view where_;
  size_t position_ = 0;
  uint64_t buffer_ = 0;
  int filled_ = 0;
};

// Mean residual of one context; it determines the Rice parameter.
struct Statistics {
  uint32_t sum = 8, count = 1;

  int parameter() const {
    int k = 0;
    while (k < 7 && (count << k) < sum) ++k;
    return k;
  }
  void add(uint32_t value) {
    sum += value;
    if (++count == kHalving) {
      sum >>= 1;
      count >>= 1;
    }
  }
};

using Model = std::array<std::array<Statistics, kContexts>, 3>;

struct Prediction {
  int value;
  int context;
};

// Prediction from the neighbours left (a), above (b) and above left (c), in plane values.
Prediction predict(int a, int b, int c) {
  const int value = c >= std::max(a, b) ? std::min(a, b) : c <= std::min(a, b) ? std::max(a, b) : a + b - c;
  const unsigned activity = unsigned(std::abs(a - c) + std::abs(b - c));
  return {value, std::min(kContexts - 1, int(std::bit_width(activity)))};
}

uint32_t fold(int8_t residual) { return residual >= 0 ? uint32_t(residual) * 2 : uint32_t(-int(residual)) * 2 - 1; }
int unfold(uint32_t value) { return value & 1 ? -int((value + 1) / 2) : int(value / 2); }

// Visits the planes G, R-G, B-G (modulo 256) in reading order; `code(model, predicted plane value)` returns the plane
// value.
template <class Code>
void walk(std::vector<uint8_t>& planes, int width, int height, Code code) {
  Model model;
  const size_t stride = size_t(width) * 3;
  for (int y = 0; y < height; ++y) {
    uint8_t* row = planes.data() + size_t(y) * stride;
    const uint8_t* row_above = y > 0 ? row - stride : nullptr;
    for (size_t i = 0; i < stride; ++i) {
      const size_t channel = i % 3;
      const int above = row_above ? row_above[i] : -1;
      const int left = i >= 3 ? row[i - 3] : -1;
      const int a = left >= 0 ? left : above >= 0 ? above : 128;
      const int b = above >= 0 ? above : a;
      const int c = left >= 0 && above >= 0 ? row_above[i - 3] : b;
      const Prediction p = predict(a, b, c);
      row[i] = code(model[channel][size_t(p.context)], p.value, row[i]);
    }
  }
}

void check_size(int width, int height) {
  if (width < 1 || height < 1) throw ShapeError(cat("lossless: expected a size from 1x1, found ", width, "x", height));
}

}  // namespace

std::vector<uint8_t> encode_lossless(std::span<const uint8_t> rgb, int width, int height) {
  check_size(width, height);
  if (rgb.size() != size_t(width) * size_t(height) * 3)
    throw ShapeError(cat("lossless: ", rgb.size(), " bytes are not a ", width, "x", height, " RGB picture"));
  std::vector<uint8_t> planes(rgb.size());
  for (size_t i = 0; i < rgb.size(); i += 3) {
    // Differences are centred on 128, so that those of nearly grey pixels do not wrap around.
    planes[i] = rgb[i + 1];
    planes[i + 1] = uint8_t(rgb[i] - rgb[i + 1] + 128);
    planes[i + 2] = uint8_t(rgb[i + 2] - rgb[i + 1] + 128);
  }
  BitWriter bits;
  walk(planes, width, height, [&](Statistics& statistics, int expected, uint8_t value) {
    const uint32_t folded = fold(int8_t(uint8_t(value - expected)));
    const int k = statistics.parameter();
    const int quotient = int(folded >> k);
    if (quotient < kEscape) {
      bits.put(1, quotient + 1);
      if (k > 0) bits.put(folded & ((1u << k) - 1), k);
    } else {
      bits.put(0, kEscape);
      bits.put(folded, 8);
    }
    statistics.add(folded);
    return value;
  });
  return bits.finish();
}

std::vector<uint8_t> decode_lossless(std::span<const uint8_t> bytes, int width, int height, std::string_view where) {
  check_size(width, height);
  const uint64_t samples =
      checked_mul(checked_mul(uint64_t(width), uint64_t(height), "picture size"), 3, "picture size");
  // A sample takes at least one bit. Check that before allocating memory for an invalid size.
  if (samples / 8 > bytes.size())
    throw LimitError(cat(where, ": ", bytes.size(), " bytes cannot hold ", width, "x", height, " pixels"));
  std::vector<uint8_t> planes(samples);
  BitReader bits(bytes, where);
  walk(planes, width, height, [&](Statistics& statistics, int expected, uint8_t) {
    const int k = statistics.parameter();
    const int quotient = bits.zeros(kEscape);
    const uint32_t folded = quotient < kEscape ? (uint32_t(quotient) << k) | bits.get(k) : bits.get(8);
    if (folded > 255) throw FormatError(cat(where, ": residual ", folded, " is larger than 255"));
    statistics.add(folded);
    return uint8_t(expected + unfold(folded));
  });
  bits.finish();
  for (size_t i = 0; i < planes.size(); i += 3) {
    const uint8_t green = planes[i];
    planes[i] = uint8_t(planes[i + 1] + green - 128);
    planes[i + 2] = uint8_t(planes[i + 2] + green - 128);
    planes[i + 1] = green;
  }
  return planes;
}

}  // namespace daclip
