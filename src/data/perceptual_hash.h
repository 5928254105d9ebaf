// Recognises copies of a photo after resizing, compression or slight changes of colour.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "image/float_image.h"

namespace daclip {

// pHash: luma is reduced to 32x32 (antialiased) and transformed by the DCT; a bit says whether one of the 8x8 lowest
// frequencies is above their median. Empty for pictures of uniform brightness, whose bits would be arbitrary. rgb: any
// size.
std::optional<uint64_t> perceptual_hash(const FloatImage& rgb);

// Number of differing bits, 0 to 64. Copies of a photo differ by at most 10, different photos rarely by 12 or less
// (docs/cli.md has the figures). Mirrored, rotated or heavily cropped copies are not recognised.
inline int hash_distance(uint64_t a, uint64_t b) { return std::popcount(a ^ b); }

}  // namespace daclip
