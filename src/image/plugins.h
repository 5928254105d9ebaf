// Readers and writers in shared libraries of ours, one for each library that they need, opened by the first picture of
// their formats.
#pragma once

#include "image/formats.h"

namespace daclip {

// What such a library exports as kImageCodec.
struct ImageCodec {
  ImageReader* decode = nullptr;
  ImageWriter* encode = nullptr;  // null: not written
};
inline constexpr const char* kImageCodec = "daclip_image_codec";

// Throw FormatError where the library is missing or does not open.
ImageReader decode_heif, decode_jxl, decode_raw, decode_gif;
ImageWriter encode_avif, encode_jxl;

}  // namespace daclip
