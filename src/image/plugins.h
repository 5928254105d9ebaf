// Readers and writers in shared libraries of ours, one for each library that they need, opened by the first picture of
// their formats.
#pragma once

#include "image/formats.h"

namespace daclip {

// To be raised with every change of what passes between the program and these libraries.
inline constexpr uint32_t kCodecInterface = 1;

// What such a library exports as kImageCodec.
struct ImageCodec {
  uint32_t interface = kCodecInterface, image_bytes = sizeof(Image);
  ImageReader* decode = nullptr;
  ImageWriter* encode = nullptr;  // null: not written
};
inline constexpr const char* kImageCodec = "daclip_image_codec";

// Throws FormatError for a library of another build.
void check_codec(const ImageCodec& codec, std::string_view library);

// Throw FormatError where the library is missing or does not open.
ImageReader decode_heif, decode_jxl, decode_raw, decode_gif, decode_jp2;
ImageWriter encode_avif, encode_jxl;

}  // namespace daclip
