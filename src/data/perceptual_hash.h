// Finds the same photo again after it was resized, compressed or recoloured a little.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "image/float_image.h"

namespace daclip {

// pHash: luma reduced to 32x32 (antialiased), its DCT, and of the 8x8 lowest frequencies which are above their
// median. Nothing for pictures without structure (all of one brightness), whose bits would mean nothing. rgb: any
// size.
std::optional<uint64_t> perceptual_hash(const FloatImage& rgb);

// 0 to 64 different bits. Copies of one photo are within 10, different photos hardly ever within 12 (docs/cli.md has the
// figures). A mirrored, turned or much cropped copy is not recognised.
inline int hash_distance(uint64_t a, uint64_t b) { return std::popcount(a ^ b); }

}  // namespace daclip
