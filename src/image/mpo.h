// Several JPEG pictures in one file (CIPA DC-007): stereo pairs, panoramas, views from several angles.
#pragma once

#include <cstdint>
#include <span>

namespace daclip {

// Whether the index at the start of a JPEG lists several views. Previews and the maps that phones add are no views.
bool is_mpo(std::span<const uint8_t> start);

}  // namespace daclip
