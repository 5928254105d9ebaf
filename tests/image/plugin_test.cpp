// The formats whose readers are in libraries that are opened when needed. Those that this build lacks are skipped.
#include <gtest/gtest.h>

#include <sys/resource.h>

#include "core/error.h"
#include "image/formats.h"
#include "image/icc.h"
#include "image/plugins.h"
#include "jp2_files.h"
#include "pictures.h"

namespace daclip {
namespace {

using Bytes = std::vector<uint8_t>;

bool lacks(const char* format) { return image_format(format).decode == nullptr; }

void put(Bytes& bytes, uint32_t value, int n) {
  for (int i = 0; i < n; ++i) bytes.push_back(uint8_t(value >> (8 * i)));
}

// ---- Camera RAW ----

struct Entry {
  uint32_t tag, type, count, value;
};

void put_directory(Bytes& bytes, uint32_t at, const std::vector<Entry>& entries) {
  bytes.resize(at);
  put(bytes, uint32_t(entries.size()), 2);
  for (const Entry& entry : entries) {
    put(bytes, entry.tag, 2);
    put(bytes, entry.type, 2);
    put(bytes, entry.count, 4);
    put(bytes, entry.value, 4);
  }
  put(bytes, 0, 4);
}

// As cameras lay it out: first a thumbnail of 40x30, then in a sub-directory a mosaic of 200x100, half of which is
// bright.
Bytes make_raw(bool dng) {
  constexpr uint32_t kShort = 3, kLong = 4, kByte = 1, kAscii = 2;
  constexpr uint32_t kSub = 1024, kData = 4096, kThumbnail = 40 * 30 * 3, kWidth = 200, kHeight = 100;
  Bytes bytes = {'I', 'I', 42, 0, 8, 0, 0, 0};
  std::vector<Entry> main = {{254, kLong, 1, 1},         {256, kLong, 1, 40},      {257, kLong, 1, 30},
                             {258, kShort, 1, 8},        {259, kShort, 1, 1},      {262, kShort, 1, 2},
                             {271, kAscii, 4, 0x6d6143}, {272, kAscii, 3, 0x3154}, {273, kLong, 1, kData},
                             {277, kShort, 1, 3},        {278, kLong, 1, 30},      {279, kLong, 1, kThumbnail},
                             {330, kLong, 1, kSub}};
  if (dng) main.push_back({50706, kByte, 4, 0x0401});
  put_directory(bytes, 8, main);
  put_directory(bytes, kSub,
                {{254, kLong, 1, 0},
                 {256, kLong, 1, kWidth},
                 {257, kLong, 1, kHeight},
                 {258, kShort, 1, 16},
                 {259, kShort, 1, 1},
                 {262, kShort, 1, 32803},
                 {273, kLong, 1, kData + kThumbnail},
                 {277, kShort, 1, 1},
                 {278, kLong, 1, kHeight},
                 {279, kLong, 1, kWidth * kHeight * 2},
                 {33421, kShort, 2, 0x00020002},
                 {33422, kByte, 4, 0x02010100}});
  bytes.resize(kData + kThumbnail, 77);
  for (uint32_t i = 0; i < kWidth * kHeight; ++i) put(bytes, i % kWidth < kWidth / 2 ? 400 : 3000, 2);
  return bytes;
}

TEST(Raw, is_told_from_tiff_by_its_mosaic) {
  for (const bool dng : {true, false}) EXPECT_EQ(detect_format(make_raw(dng)), &image_format("raw")) << dng;
  EXPECT_EQ(detect_format(encode_image(make_picture(9, 7, 3), image_format("tiff"))), &image_format("tiff"));
}

TEST(Raw, gives_the_photo_and_not_its_thumbnail) {
  if (lacks("raw")) GTEST_SKIP() << "this build reads no RAW";
  const Image image = decode_image(make_raw(true));
  EXPECT_EQ(image.width, 200);
  EXPECT_EQ(image.height, 100);
  EXPECT_EQ(image.bits, 16);
  EXPECT_GT(sample(image, 150, 50, 1), 2 * sample(image, 50, 50, 1));
}

TEST(Raw, that_is_cut_or_too_large_is_refused) {
  if (lacks("raw")) GTEST_SKIP() << "this build reads no RAW";
  const Bytes bytes = make_raw(true);
  EXPECT_THROW(decode_image(bytes, "raw", {.max_pixels = 100}), LimitError);
  EXPECT_THROW(decode_image(std::span(bytes).first(3000)), FormatError);
}

TEST(Raw, is_looked_for_in_few_directories) {
  // Every entry of a large directory names 64 further ones: itself.
  constexpr uint32_t kEntries = 65'535, kLong = 4, kSubDirectories = 330, kOffsets = 8, kDirectory = 264;
  Bytes bytes = {'I', 'I', 42, 0};
  put(bytes, kDirectory, 4);
  for (int i = 0; i < 64; ++i) put(bytes, kDirectory, 4);
  put_directory(bytes, kDirectory, std::vector<Entry>(kEntries, {kSubDirectories, kLong, 64, kOffsets}));
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  EXPECT_EQ(detect_format(bytes), &image_format("tiff"));
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 10'000);  // kB
}

// ---- GIF ----

// The indices of a frame with a clear code before every pixel, so that codes stay three bits wide.
void put_pixels(Bytes& gif, const Bytes& indices) {
  Bytes data;
  uint32_t bits = 0;
  int count = 0;
  const auto code = [&](uint32_t value) {
    bits |= value << count;
    for (count += 3; count >= 8; count -= 8, bits >>= 8) data.push_back(uint8_t(bits));
  };
  for (const uint8_t index : indices) code(4), code(index);
  code(5);
  if (count > 0) data.push_back(uint8_t(bits));
  gif.push_back(2);
  gif.push_back(uint8_t(data.size()));
  gif.insert(gif.end(), data.begin(), data.end());
  gif.push_back(0);
}

void put_frame(Bytes& gif, int left, int top, int width, int height, const Bytes& indices, int disposal = 0,
               int transparent = -1) {
  for (const int byte : {0x21, 0xf9, 4, disposal << 2 | (transparent >= 0), 0, 0, std::max(transparent, 0), 0, 0x2c})
    gif.push_back(uint8_t(byte));
  for (const int value : {left, top, width, height}) put(gif, uint32_t(value), 2);
  gif.push_back(0);
  put_pixels(gif, indices);
}

// Two by two pixels; the palette is red, green, blue, white.
Bytes start_gif() {
  return {'G', 'I', 'F', '8', '9', 'a', 2, 0, 2, 0, 0x81, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
}

TEST(Gif, gives_its_frames_as_they_are_drawn_over_each_other) {
  if (lacks("gif")) GTEST_SKIP() << "this build reads no GIF";
  Bytes gif = start_gif();
  put_frame(gif, 0, 0, 2, 2, {0, 1, 2, 3});
  put_frame(gif, 1, 0, 1, 2, {2, 0}, 0, 0);  // blue, and nothing below it
  gif.push_back(0x3b);
  const Image first = decode_image(gif), second = decode_image(gif, "gif", {.page = 1});
  EXPECT_EQ(first.source.pages, 2);
  EXPECT_EQ(first.data, (Bytes{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}));
  EXPECT_EQ(second.data, (Bytes{255, 0, 0, 0, 0, 255, 0, 0, 255, 255, 255, 255}));
  EXPECT_THROW(decode_image(gif, "gif", {.page = 2}), FormatError);
}

TEST(Gif, counts_frames_without_decoding_them) {
  if (lacks("gif")) GTEST_SKIP() << "this build reads no GIF";
  Bytes gif = start_gif();
  put_frame(gif, 0, 0, 2, 2, {0, 1, 2, 3});
  put_frame(gif, 0, 0, 65'535, 65'535, {0});  // ends after a pixel
  put_frame(gif, 0, 0, 2, 2, {0, 1, 2, 3});
  gif.push_back(0x3b);
  EXPECT_EQ(decode_image(gif).source.pages, 3);
}

TEST(Gif, has_alpha_where_nothing_is_drawn) {
  if (lacks("gif")) GTEST_SKIP() << "this build reads no GIF";
  Bytes gif = start_gif();
  put_frame(gif, 0, 0, 2, 1, {1, 3}, 0, 3);
  gif.push_back(0x3b);
  const Image image = decode_image(gif);
  ASSERT_EQ(image.channels, 4);
  EXPECT_EQ(image.data[3], 255);
  EXPECT_EQ(image.data[7], 0);
  EXPECT_EQ(image.data[11], 0);
}

TEST(Gif, that_ends_early_or_promises_too_much_is_refused) {
  if (lacks("gif")) GTEST_SKIP() << "this build reads no GIF";
  Bytes gif = start_gif();
  const size_t header = gif.size();
  put_frame(gif, 0, 0, 2, 2, {0, 1, 2, 3});
  for (size_t n = header; n + 3 < gif.size(); ++n)
    EXPECT_THROW(decode_image(std::span(gif).first(n)), FormatError) << n;
  gif[6] = gif[7] = gif[8] = gif[9] = 0xff;
  EXPECT_THROW(decode_image(gif), Error);
}

// ---- AVIF and JPEG XL ----

TEST(Avif, keeps_depth_and_colours) {
  if (lacks("avif")) GTEST_SKIP() << "this build reads no AVIF";
  for (const int bits : {8, 16}) {
    const Image image = make_picture(64, 48, 3, bits);
    const Image back = decode_image(encode_image(image, image_format("avif"), {.quality = 100}));
    EXPECT_EQ(back.bits, bits);
    EXPECT_LE(max_difference(back, image), bits == 8 ? 4 : 1000);
    EXPECT_TRUE(back.icc.empty());  // it says sRGB
  }
}

TEST(JpegXl, is_lossless_at_quality_100_in_every_form) {
  if (lacks("jxl")) GTEST_SKIP() << "this build reads no JPEG XL";
  for (const int channels : {1, 2, 3, 4})
    for (const int bits : {8, 16}) {
      const Image image = make_picture(40, 30, channels, bits);
      const Image back = decode_image(encode_image(image, image_format("jxl"), {.quality = 100}));
      EXPECT_EQ(max_difference(back, image), 0) << channels << " " << bits;
    }
}

// ---- JPEG 2000 ----

TEST(Jpeg2000, gives_the_samples_of_files_and_of_bare_streams) {
  if (lacks("jp2")) GTEST_SKIP() << "this build reads no JPEG 2000";
  EXPECT_EQ(decode_image(kJp2).data, (Bytes{255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 40, 50, 60, 70, 80, 90}));
  const Image grey = decode_image(kCodeStream);
  ASSERT_EQ(grey.bits, 16);
  EXPECT_EQ(std::vector<int>(grey.data16(), grey.data16() + 4), (std::vector<int>{0, 1000, 40'000, 65'535}));
}

TEST(Jpeg2000, keeps_metadata) {
  if (lacks("jp2")) GTEST_SKIP() << "this build reads no JPEG 2000";
  const std::vector<uint8_t> exif = make_exif(1);
  Bytes box = {0, 0, 0, uint8_t(24 + exif.size()), 'u', 'u', 'i', 'd'};
  for (const char c : std::string_view("JpgTiffExif->JP2")) box.push_back(uint8_t(c));
  box.insert(box.end(), exif.begin(), exif.end());
  Bytes file = kJp2;
  file.insert(file.begin() + 32, box.begin(), box.end());
  EXPECT_EQ(decode_image(file).metadata.exif, exif);
}

TEST(Jpeg2000, that_is_cut_or_promises_too_much_is_refused) {
  if (lacks("jp2")) GTEST_SKIP() << "this build reads no JPEG 2000";
  for (size_t n = 12; n + 2 < kJp2.size(); n += 3)  // the end marker may be missing
    EXPECT_THROW(decode_image(std::span(kJp2).first(n)), FormatError) << n;
  Bytes large = kCodeStream;
  large[10] = large[14] = large[26] = large[30] = 0x40;  // 16,386 pixels a side
  EXPECT_THROW(decode_image(large), FormatError);
  EXPECT_THROW(decode_image(large, "jp2", {.max_pixels = 1000}), LimitError);
}

TEST(Codecs, of_another_build_are_refused) {
  EXPECT_NO_THROW(check_codec({}, "libdaclip_x.so"));
  for (const ImageCodec& other : {ImageCodec{.interface = kCodecInterface + 1}, ImageCodec{.image_bytes = 1}}) {
    try {
      check_codec(other, "libdaclip_x.so");
      FAIL() << "was taken";
    } catch (const FormatError& error) {
      EXPECT_EQ(std::string(error.what()), "libdaclip_x.so belongs to another build of daclip; install both from one");
    }
  }
}

TEST(FormatsOfPlugins, are_recognised_by_their_first_bytes) {
  const auto detected = [](std::string_view bytes) {
    const ImageFormat* format = detect_format({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    return format ? format->name : "";
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(detected("\0\0\0\x18"
                     "ftypheic\0\0\0\0mif1heic"sv),
            "heic");
  EXPECT_EQ(detected("\0\0\0\x1c"
                     "ftypmif1\0\0\0\0mif1avifmiaf"sv),
            "avif");
  EXPECT_EQ(detected("\0\0\0\x18"
                     "ftypmif1\0\0\0\0mif1heic"sv),
            "heic");
  EXPECT_EQ(detected("\0\0\0\x18"
                     "ftypcrx \0\0\0\x01"
                     "crx isom"sv),
            "raw");
  EXPECT_EQ(detected("\0\0\0\x18"
                     "ftypisom\0\0\0\0isommp42"sv),
            "");
  EXPECT_EQ(detected("FUJIFILMCCD-RAW 0201"sv), "raw");
  EXPECT_EQ(detected("8BPS\0\x01"sv), "psd");
  EXPECT_EQ(detected("P6\n4 4\n255\n"sv), "pnm");
  EXPECT_EQ(detected("\0\0\0\x0cjP  \r\n\x87\n"sv), "jp2");
}

}  // namespace
}  // namespace daclip
