// What a PNG says of its colours and its frames. libpng drops profiles that it dislikes and knows no cICP, so these
// chunks are read and written here.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "image/image.h"

namespace daclip {

// The profile of a PNG that was decoded: its own, or one made from cICP, or from gAMA and cHRM. Empty for sRGB.
std::vector<uint8_t> profile_of_png(std::span<const uint8_t> png, int colours);

// The frames of an animated PNG, else 1.
int frames_of_png(std::span<const uint8_t> png);

// The contents of the chunks that say the same for a picture; empty where it needs none.
std::vector<uint8_t> iccp_chunk(const Image& image);
std::vector<uint8_t> cicp_chunk(const Image& image);
std::vector<uint8_t> gama_chunk(const Image& image);  // for viewers that know no profiles

}  // namespace daclip
