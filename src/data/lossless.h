// A small lossless codec for 8-bit RGB pictures, so that training needs no codec library. Green is subtracted from red
// and blue; the predictor is the median edge detector of LOCO-I (Weinberger et al. 2000); adaptive Golomb-Rice codes
// take their parameter from the mean residual of each channel and neighbourhood activity.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace daclip {

// rgb: (height, width, 3). Throws ShapeError if the size does not match.
std::vector<uint8_t> encode_lossless(std::span<const uint8_t> rgb, int width, int height);

// The inverse; the size is not stored and must be given. `where` names the picture in errors. Throws FormatError for
// truncated data and for unused bytes, ShapeError if the size is not positive, LimitError if the bytes cannot hold it.
std::vector<uint8_t> decode_lossless(std::span<const uint8_t> bytes, int width, int height, std::string_view where);

}  // namespace daclip
