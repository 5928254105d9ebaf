// Camera RAW files that are TIFF files.
#pragma once

#include <cstdint>
#include <span>

namespace daclip {

// Whether a directory of this TIFF holds the mosaic of a sensor (DNG, NEF, ARW, CR2, PEF...): the pictures that TIFF
// readers find in it are thumbnails.
bool is_raw_tiff(std::span<const uint8_t> bytes);

}  // namespace daclip
