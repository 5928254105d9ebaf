// JPEG files as other programs write them, through libjpeg.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include <jpeglib.h>

namespace daclip::test {

struct JpegForm {
  int quality = 90;
  J_COLOR_SPACE samples = JCS_RGB;                             // what the rows hold
  std::function<void(jpeg_compress_struct&)> set = nullptr;    // changes what libjpeg would do
  std::function<void(jpeg_compress_struct&)> write = nullptr;  // markers before the picture
};

// The first component's sampling factors; the others have 1.
inline void set_sampling(jpeg_compress_struct& info, int across, int down) {
  info.comp_info[0].h_samp_factor = across;
  info.comp_info[0].v_samp_factor = down;
}

// `rows`: height rows of interleaved samples.
inline std::vector<uint8_t> write_jpeg(int width, int height, const std::vector<uint8_t>& rows,
                                       const JpegForm& form = {}) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = JDIMENSION(width);
  info.image_height = JDIMENSION(height);
  info.input_components = form.samples == JCS_GRAYSCALE ? 1 : form.samples == JCS_CMYK ? 4 : 3;
  info.in_color_space = form.samples;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, form.quality, TRUE);
  if (form.set) form.set(info);
  jpeg_start_compress(&info, TRUE);
  if (form.write) form.write(info);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(rows.data() + rows.size() / size_t(height) * info.next_scanline);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::vector<uint8_t> bytes(buffer, buffer + size);
  std::free(buffer);
  return bytes;
}

}  // namespace daclip::test
