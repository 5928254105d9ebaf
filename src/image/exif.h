// The parts of EXIF that restoring has to understand. Internal to image/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace daclip {

// The orientation (1-8) of an EXIF block, which is then 1 in the block. The embedded thumbnail is removed: it shows the
// picture before restoring and before turning. A block that cannot be parsed is emptied, and counts as 1.
int take_orientation(std::vector<uint8_t>& exif);

// The descriptive EXIF, GPS and camera tags of a TIFF file as a block of their own; empty when there are none.
std::vector<uint8_t> exif_of_tiff(std::span<const uint8_t> tiff);

// A TIFF file with such tags added; the file as it is where the block cannot be parsed.
std::vector<uint8_t> tiff_with_exif(std::vector<uint8_t> tiff, std::span<const uint8_t> exif);

}  // namespace daclip
