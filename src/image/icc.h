// Colour profiles beyond copying them: made from what files say in other ways, fitted to containers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace daclip {

// Coding-independent code points (ITU-T H.273), as PNG's cICP, AVIF and HEIC have them.
struct Cicp {
  uint8_t primaries = 2, transfer = 2;  // 2: not specified
  bool full_range = true;
};
inline constexpr uint8_t kPqTransfer = 16, kHlgTransfer = 18;

// A profile that holds the code points too. Empty for sRGB, which needs none. What is brighter than the reference white
// of PQ and HLG (203 cd/m2, 75 % signal) is white in it.
std::vector<uint8_t> icc_of_cicp(const Cicp& cicp);

// The code points that such a profile holds.
std::optional<Cicp> cicp_of_icc(const std::vector<uint8_t>& icc);

// The exponent of a profile whose tones are a plain power; 0 for others.
double gamma_of_icc(const std::vector<uint8_t>& icc);

struct Chromaticities {
  double white[2] = {0.3127, 0.3290}, red[2] = {0.64, 0.33}, green[2] = {0.30, 0.60}, blue[2] = {0.15, 0.06};
};

// Samples to the power of `gamma` are linear light; grey where `colours` is 1. Empty where the values make no sense.
std::vector<uint8_t> icc_of_gamma(double gamma, const Chromaticities& chromaticities, int colours);

// A profile for pictures of 1 or 3 colours: a grey one becomes RGB with the same tones, an RGB one grey; others stay as
// they are.
std::vector<uint8_t> fitting_profile(const std::vector<uint8_t>& icc, int colours);

// Whether the profile opens and is one for pictures of 1 or 3 colours.
bool is_profile_of(const std::vector<uint8_t>& icc, int colours);

// The profile with a header that libpng and others accept, where only that is wrong; as it is where nothing can be
// mended.
std::vector<uint8_t> mended_profile(const std::vector<uint8_t>& icc);

}  // namespace daclip
