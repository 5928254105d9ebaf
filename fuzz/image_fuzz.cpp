// decode_image on arbitrary bytes: either a picture with consistent fields, or a daclip::Error.
#include "fuzz.h"

#include "core/error.h"
#include "core/random.h"
#include "image/formats.h"
#include "image/jp2_files.h"
#include "image/mpo_writer.h"
#include "image/pictures.h"
#include "image/profiles.h"

using namespace daclip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const Image image = decode_image({data, size}, "input", {.max_pixels = 1 << 20});
    validate(image, "decoded");
    if (image.pixels() > (1u << 20)) __builtin_trap();
    const int last = image.source.pages - 1;
    if (last > 0 && last < 8)
      validate(decode_image({data, size}, "page", {.max_pixels = 1 << 20, .page = last}), "page");
  } catch (const ShapeError&) {
    throw;  // the decoder returned an inconsistent picture
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  std::vector<std::vector<uint8_t>> seeds;
  Random random(7);
  for (const int channels : {1, 2, 3, 4})
    for (const int bits : {8, 16}) {
      Image image;
      image.width = 13;
      image.height = 9;
      image.channels = channels;
      image.bits = bits;
      image.data.resize(image.samples() * size_t(bits / 8));
      for (uint8_t& byte : image.data) byte = uint8_t(random.below(256));
      if (channels >= 3) {
        image.metadata.exif = make_exif(6);
        image.metadata.iptc = {0x1c, 2, 25, 0, 3, 'c', 'a', 't'};
        image.metadata.text = {{"Title", "a"}, {"Comment", "b"}};
        image.metadata.resolution = {300, 200};
        image.icc = rgb_profile();
      }
      for (const ImageFormat* format : formats_written())
        for (const int quality : {80, 100}) seeds.push_back(encode_image(image, *format, {.quality = quality}));
    }
  std::vector<uint8_t> bmp = {'B', 'M', 70, 0, 0, 0, 0, 0,  0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1,
                              0,   24,  0,  0, 0, 0, 0, 16, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < 16; ++i) bmp.push_back(uint8_t(i * 15));
  seeds.push_back(bmp);
  // The same as run-length coded eight bits: a repeat, a copy, a line end, a move, the end.
  bmp.resize(54);
  bmp[28] = 8, bmp[30] = 1, bmp[46] = 2, bmp[10] = 62;
  bmp.insert(bmp.end(), {0, 0, 255, 0, 255, 0, 0, 0, 2, 1, 0, 3, 0, 1, 0, 0, 0, 0, 0, 2, 1, 0, 1, 1, 0, 1});
  seeds.push_back(bmp);
  // A GIF of two by two pixels, every index after a clear code, with a transparent one.
  std::vector<uint8_t> gif = {'G', 'I', 'F', '8', '9', 'a',  2,    0,    2,    0, 0x81, 0, 0, 255,  0, 0, 0, 255, 0, 0,
                              0,   255, 255, 255, 255, 0x21, 0xf9, 4,    1,    0, 0,    3, 0, 0x2c, 0, 0, 0, 0,   2, 0,
                              2,   0,   0,   2,   4,   0x04, 0xc1, 0x38, 0x05, 0, 0x3b};
  seeds.push_back(gif);
  // A TIFF whose sub-directory says that it holds a sensor's mosaic.
  std::vector<uint8_t> raw = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x4a, 1, 4, 0, 1,    0,    0, 0, 26, 0, 0, 0,
                              0,   0,   0,  0, 1, 0, 6, 1, 3, 0, 1,    0, 0, 0, 0x23, 0x80, 0, 0, 0,  0, 0, 0};
  seeds.push_back(raw);
  seeds.push_back(test::make_mpo({{make_picture(9, 7, 3), 0x020002}, {make_picture(8, 8, 1), 0x020002}}));
  for (const std::vector<uint8_t>& jp2 : {kJp2, kCodeStream}) seeds.push_back(jp2);
  return seeds;
}
