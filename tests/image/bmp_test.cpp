// BMP files of other programs: OS/2's headers, bit fields, run-length coding, headers that are not quite right.
#include <gtest/gtest.h>

#include "core/error.h"
#include "image/io.h"
#include "pictures.h"

namespace daclip {
namespace {

using Bytes = std::vector<uint8_t>;

struct BmpParts {
  int width = 0, height = 0, bits = 0, header = 40;
  uint32_t compression = 0, offset = UINT32_MAX;  // the offset of the pixels: right after the palette by default
  Bytes extra = {}, palette = {}, pixels = {};    // `extra`: bit masks after the first 40 bytes of the header
};

void put(Bytes& bytes, uint64_t value, int n) {
  for (int i = 0; i < n; ++i) bytes.push_back(uint8_t(value >> (8 * i)));
}

Bytes make(const BmpParts& parts) {
  Bytes header;
  put(header, uint32_t(parts.header), 4);
  const int field = parts.header == 12 ? 2 : 4;
  put(header, uint32_t(parts.width), field);
  put(header, uint32_t(parts.height), field);
  put(header, 1, 2);
  put(header, uint32_t(parts.bits), 2);
  if (parts.header >= 40) {
    put(header, parts.compression, 4);
    put(header, uint32_t(parts.pixels.size()), 4);
    put(header, 0, 8);
    put(header, uint32_t(parts.palette.size() / 4), 4);
    put(header, 0, 4);
  }
  header.insert(header.end(), parts.extra.begin(), parts.extra.end());
  header.resize(std::max(header.size(), size_t(parts.header)));
  header.insert(header.end(), parts.palette.begin(), parts.palette.end());
  Bytes file = {'B', 'M'};
  put(file, uint32_t(14 + header.size() + parts.pixels.size()), 4);
  put(file, 0, 4);
  put(file, parts.offset == UINT32_MAX ? uint32_t(14 + header.size()) : parts.offset, 4);
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), parts.pixels.begin(), parts.pixels.end());
  return file;
}

Image read(const BmpParts& parts) { return decode_image(make(parts), "bmp"); }

const Bytes kRedGreenBlue = {0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0};  // three palette entries

TEST(BmpOfOs2, has_palette_entries_of_three_bytes_up_to_the_last) {
  Bytes palette(256 * 3);
  for (int i = 0; i < 256; ++i) palette[size_t(i * 3)] = uint8_t(i), palette[size_t(i * 3 + 2)] = uint8_t(255 - i);
  const Image image =
      read({.width = 4, .height = 1, .bits = 8, .header = 12, .palette = palette, .pixels = {0, 100, 254, 255}});
  EXPECT_EQ(image.data, (Bytes{255, 0, 0, 155, 0, 100, 1, 0, 254, 0, 0, 255}));
}

TEST(BmpOfOs2, may_hold_fewer_palette_entries_than_its_bits_can_name) {
  const Image image =
      read({.width = 2, .height = 1, .bits = 8, .header = 12, .palette = {1, 2, 3, 4, 5, 6}, .pixels = {0, 1, 0, 0}});
  EXPECT_EQ(image.data, (Bytes{3, 2, 1, 6, 5, 4}));
}

TEST(BmpOfOs2, of_version_two_may_end_its_header_after_the_bits) {
  const Image image = read({.width = 1, .height = 1, .bits = 24, .header = 16, .pixels = {10, 20, 30, 0}});
  EXPECT_EQ(image.data, (Bytes{30, 20, 10}));
}

TEST(BmpPalettes, of_greys_alone_give_a_grey_picture) {
  const Image image =
      read({.width = 3, .height = 1, .bits = 1, .palette = {9, 9, 9, 0, 200, 200, 200, 0}, .pixels = {0xa0, 0, 0, 0}});
  EXPECT_EQ(image.channels, 1);
  EXPECT_EQ(image.data, (Bytes{200, 9, 200}));
}

TEST(BmpBitFields, of_sixteen_bits_are_scaled_to_eight) {
  const Image plain = read({.width = 2, .height = 1, .bits = 16, .pixels = {0xff, 0x7f, 0x00, 0x7c}});
  EXPECT_EQ(plain.data, (Bytes{255, 255, 255, 255, 0, 0}));
  Bytes masks;
  for (const uint32_t mask : {0xf800u, 0x07e0u, 0x001fu}) put(masks, mask, 4);
  const Image fields =
      read({.width = 2, .height = 1, .bits = 16, .compression = 3, .extra = masks, .pixels = {0xe0, 0x07, 0x10, 0x00}});
  EXPECT_EQ(fields.data, (Bytes{0, 255, 0, 0, 0, 132}));
}

TEST(BmpBitFields, of_thirty_two_bits_may_have_ten_each_and_alpha) {
  Bytes masks;
  for (const uint32_t mask : {0x3ff00000u, 0xffc00u, 0x3ffu, 0xc0000000u}) put(masks, mask, 4);
  Bytes pixel;
  put(pixel, 0x80000000u | 1023u << 20 | 512u << 10, 4);
  const Image image =
      read({.width = 1, .height = 1, .bits = 32, .header = 56, .compression = 3, .extra = masks, .pixels = pixel});
  EXPECT_EQ(image.data, (Bytes{255, 128, 0, 170}));
}

TEST(BmpAlpha, that_no_pixel_sets_is_none) {
  EXPECT_EQ(read({.width = 1, .height = 1, .bits = 32, .pixels = {1, 2, 3, 0}}).data, (Bytes{3, 2, 1}));
  EXPECT_EQ(read({.width = 1, .height = 1, .bits = 32, .pixels = {1, 2, 3, 4}}).data, (Bytes{3, 2, 1, 4}));
}

TEST(BmpRuns, of_eight_bits_repeat_copy_move_and_end_lines) {
  // Bottom row: red red green; above it a move of one to the right, then blue green blue copied beyond the end of row.
  const Image image = read({.width = 3,
                            .height = 2,
                            .bits = 8,
                            .compression = 1,
                            .palette = kRedGreenBlue,
                            .pixels = {2, 0, 1, 1, 0, 0, 0, 2, 1, 0, 0, 3, 2, 1, 2, 0, 0, 1}});
  EXPECT_EQ(image.data, (Bytes{255, 0, 0, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 0, 0, 0, 255, 0}));
}

TEST(BmpRuns, of_four_bits_alternate_two_colours_or_copy_nibbles) {
  const Image image = read({.width = 5,
                            .height = 1,
                            .bits = 4,
                            .compression = 2,
                            .palette = kRedGreenBlue,
                            .pixels = {2, 0x01, 0, 3, 0x20, 0x10, 0, 1}});
  EXPECT_EQ(image.data, (Bytes{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0, 0, 255, 0}));
}

TEST(BmpRuns, without_an_end_marker_after_the_last_pixel_are_read) {
  const BmpParts parts = {
      .width = 2, .height = 1, .bits = 8, .compression = 1, .palette = kRedGreenBlue, .pixels = {2, 1}};
  EXPECT_EQ(read(parts).data, (Bytes{0, 255, 0, 0, 255, 0}));
}

TEST(BmpRuns, that_end_early_are_an_error) {
  BmpParts parts = {.width = 4, .height = 2, .bits = 8, .compression = 1, .palette = kRedGreenBlue};
  for (const Bytes& pixels : {Bytes{}, Bytes{4}, Bytes{4, 1}, Bytes{4, 1, 0, 0}, Bytes{0, 4, 1, 1}, Bytes{0, 2, 1}}) {
    parts.pixels = pixels;
    EXPECT_THROW(read(parts), FormatError) << pixels.size();
  }
}

TEST(BmpHeaders, without_an_offset_have_their_pixels_after_the_palette) {
  const Image image = read({.width = 1, .height = 1, .bits = 24, .offset = 0, .pixels = {1, 2, 3, 0}});
  EXPECT_EQ(image.data, (Bytes{3, 2, 1}));
}

TEST(BmpHeaders, that_promise_more_than_run_length_coding_gives_are_refused_before_memory_is_taken) {
  EXPECT_THROW(
      read({.width = 10000, .height = 10000, .bits = 8, .compression = 1, .palette = kRedGreenBlue, .pixels = {0, 1}}),
      FormatError);
}

TEST(BmpHeaders, of_codings_that_are_not_read_are_named) {
  try {
    read({.width = 1, .height = 1, .bits = 24, .compression = 4, .pixels = {1, 2, 3, 0}});
    FAIL() << "was read";
  } catch (const FormatError& error) {
    EXPECT_NE(std::string(error.what()).find("coding 4"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace daclip
