// A small lossless codec for 8-bit RGB pictures, so that training data need no codec library: green subtracted from red
// and blue, the median edge detector of LOCO-I (Weinberger et al. 2000) as predictor, adaptive Golomb-Rice codes whose
// parameter follows the mean residual of each channel and neighbourhood activity.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace daclip {

// rgb: (height, width, 3). Throws ShapeError where the sizes do not agree.
std::vector<uint8_t> encode_lossless(std::span<const uint8_t> rgb, int width, int height);

// The inverse; the size is the caller's to know. `where` names the picture in errors. Throws FormatError where the bytes
// end early or are left over, ShapeError where the size is not positive, LimitError where it exceeds what the bytes can hold.
std::vector<uint8_t> decode_lossless(std::span<const uint8_t> bytes, int width, int height, std::string_view where);

}  // namespace daclip
