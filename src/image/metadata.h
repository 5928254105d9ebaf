// What is kept of a file's metadata, and how it follows the picture: through turning, into formats that hold less of
// it, and with the mark of what restoring made. Internal to image/ and api/.
#pragma once

#include <string>

#include "daclip/image.h"

namespace daclip {

// After decoding: removes thumbnails and returns the EXIF orientation, which is then 1 in the metadata.
int settle_metadata(Metadata& metadata);

// Makes XMP and resolution follow a picture that was turned by this EXIF orientation.
void turn_metadata(Metadata& metadata, int orientation);

// What a format holds beside EXIF and XMP.
struct MetadataForm {
  bool iptc = false, resolution = false;
  bool comment = false, text = false;  // the text "Comment" only, or all texts
};

// The metadata as a file of the image holds it: sizes are the picture's; IPTC and texts without a place become XMP, the
// resolution EXIF.
Metadata metadata_to_write(const Image& image, const MetadataForm& form);

// An XMP packet as JPEG holds it: what does not fit into one marker is a second packet, which the first one names.
struct SplitXmp {
  std::vector<uint8_t> packet, extension;
  std::string digest;  // 32 hexadecimal digits; empty where there is no extension
};

// Moves the largest properties into an extension where the packet has more than `limit` bytes. Both are empty where
// that cannot be done.
SplitXmp split_xmp(const std::vector<uint8_t>& packet, size_t limit);

// Adds the properties of an extension to the packet, which names it no more.
void merge_xmp(std::vector<uint8_t>& packet, const std::vector<uint8_t>& extension);

// Says in XMP (Iptc4xmpExt:DigitalSourceType) that the picture was enhanced by an algorithm, or that a trained model
// painted parts of it. A picture that already says that a model made it keeps that.
void mark_digital_source(Metadata& metadata, bool painted);

}  // namespace daclip
