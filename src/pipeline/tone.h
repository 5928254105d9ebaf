// Keeps monochrome photos monochrome: black-and-white, sepia and toned prints that are stored as RGB.
#pragma once

#include <array>
#include <optional>

#include "image/image.h"

namespace daclip {

// The colours of a monochrome photo as a function of luma Y in [0,1]: R - Y and B - Y. Zero for black-and-white.
struct ToneCurve {
  static constexpr int kBins = 64;
  std::array<float, kBins> red{}, blue{};
};

// The curve of a photo whose pixels all lie as close to one as JPEG's rounding and the fine noise of a scanner leave
// them. Absent for photos with colour in any 16x16 block, also where it is faint in a dark or hazy photo, and for
// stronger coloured noise over a grey photo, which is not told from colour.
std::optional<ToneCurve> monochrome_tone(const Image& photo);

// Replaces the colours of every pixel by the curve's for its luma. Alpha is kept.
void apply_tone(Image& photo, const ToneCurve& tone);

}  // namespace daclip
