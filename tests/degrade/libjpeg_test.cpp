// The JPEG degradation against libjpeg, if its headers are installed: every size class, quality and colour resolution.
#include <gtest/gtest.h>

#include "degrade/degrade.h"
#include "image/jpeg_writer.h"
#include "pictures.h"

namespace daclip {
namespace {

std::vector<uint8_t> encode(const FloatImage& image, int quality, int chroma) {
  std::vector<uint8_t> rows;
  for (const float value : image.data) rows.push_back(uint8_t(value * 255.f + 0.5f));
  const auto set = [&](jpeg_compress_struct& info) { test::set_sampling(info, chroma, chroma); };
  return test::write_jpeg(image.width, image.height, rows, {.quality = quality, .set = set});
}

FloatImage decode(const std::vector<uint8_t>& bytes) {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes.data(), bytes.size());
  jpeg_read_header(&info, TRUE);
  jpeg_start_decompress(&info);
  FloatImage image(int(info.output_width), int(info.output_height), 3);
  std::vector<uint8_t> row(size_t(image.width) * 3);
  while (info.output_scanline < info.output_height) {
    float* out = image.row(int(info.output_scanline));
    JSAMPROW pointer = row.data();
    jpeg_read_scanlines(&info, &pointer, 1);
    for (size_t i = 0; i < row.size(); ++i) out[i] = float(row[i]) / 255.f;
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return image;
}

TEST(Jpeg, equals_libjpeg) {
  const int sizes[][2] = {{1, 1}, {1, 7},   {7, 1},   {3, 4},   {4, 3},  {5, 5},
                          {6, 9}, {16, 16}, {17, 15}, {33, 50}, {97, 61}};
  for (const auto& [width, height] : sizes)
    for (int quality : {1, 10, 37, 50, 80, 95, 100})
      for (int chroma : {1, 2})
        for (const FloatImage& gt : {ramps(width, height), speckle(width, height, 6)}) {
          const DegradeSpec spec{"jpeg-compressed", {{"quality", quality}, {"chroma", chroma}}};
          const FloatImage expected = decode(encode(gt, quality, chroma)), got = degrade(gt, spec, 0);
          EXPECT_LT(largest_difference(got, expected), 0.5f / 255)
              << width << "x" << height << " quality " << quality << " chroma " << chroma;
        }
}

}  // namespace
}  // namespace daclip
