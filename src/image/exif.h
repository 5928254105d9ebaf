// EXIF blocks. Nothing in a block is moved, so that maker notes stay as they are, and a bad entry costs no other. Every
// function leaves a block that is not valid as it is. Internal to image/.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "daclip/image.h"

namespace daclip {

// Removes JPEG's prefix, which some writers of PNG and WebP keep, and the thumbnail, which shows the picture before
// restoring and turning. Empties a block without a valid header.
void tidy_exif(std::vector<uint8_t>& exif);

// The orientation (1-8), which is then 1 in the block; 1 for impossible numbers.
int take_orientation(std::vector<uint8_t>& exif);

// The width and height that the block holds become these. Absent ones stay absent.
void set_exif_size(std::vector<uint8_t>& exif, int width, int height);

Resolution exif_resolution(std::span<const uint8_t> exif);
// Swaps horizontal and vertical resolution, for turned pictures.
void turn_exif_resolution(std::vector<uint8_t>& exif);
// Where the block holds another or none; makes a block where `exif` is empty.
void set_exif_resolution(std::vector<uint8_t>& exif, const Resolution& resolution);

// Removes the GPS directory and overwrites its data.
void remove_exif_gps(std::vector<uint8_t>& exif);

// EXIF, XMP, IPTC and resolution of a classic TIFF file; empty for BigTIFF. A maker note with offsets that would no
// longer be right is left out.
Metadata metadata_of_tiff(std::span<const uint8_t> tiff);

// What encode_tiff() appends the picture to: a block that makes the file's offsets those of `exif`.
std::vector<uint8_t> tiff_start(const Metadata& metadata);

// Merges the directory of the first picture, which was appended to tiff_start(), with the tags of EXIF, XMP and IPTC.
void finish_tiff(std::vector<uint8_t>& tiff, const Metadata& metadata);

}  // namespace daclip
