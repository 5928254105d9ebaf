// Kinds of files that daclip does not write itself: palettes, 1-bit, interlaced, tiles, planes, CMYK, animations, BMP.
#include <gtest/gtest.h>

#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include <unistd.h>

#include "core/error.h"
#include "core/files.h"
#include "image/io.h"
#include "image/tiff_tags.h"
#include "jpeg_writer.h"
#include "pictures.h"
#include "profiles.h"

namespace daclip {
namespace {

using Bytes = std::vector<uint8_t>;

std::filesystem::path scratch_file() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  return std::filesystem::temp_directory_path() / cat("daclip-", test->name(), "-", getpid());
}

// ---- JPEG ----

struct Cmyk {
  std::vector<uint8_t> ink;  // of all 16x16 pixels: 255 is full
  bool adobe = true;         // with Adobe's marker, which means inverted samples
  J_COLOR_SPACE stored = JCS_CMYK;
  std::vector<uint8_t> icc;
};

Bytes cmyk_jpeg(const Cmyk& picture) {
  Bytes rows;
  for (int i = 0; i < 16 * 16; ++i)
    for (const uint8_t ink : picture.ink) rows.push_back(uint8_t(picture.adobe ? 255 - ink : ink));
  const auto set = [&](jpeg_compress_struct& info) {
    jpeg_set_colorspace(&info, picture.stored);
    info.write_Adobe_marker = picture.adobe;
  };
  const auto write = [&](jpeg_compress_struct& info) {
    if (!picture.icc.empty()) jpeg_write_icc_profile(&info, picture.icc.data(), unsigned(picture.icc.size()));
  };
  return test::write_jpeg(16, 16, rows, {.quality = 100, .samples = JCS_CMYK, .set = set, .write = write});
}

void expect_colour(const Image& image, int r, int g, int b, int tolerance) {
  ASSERT_EQ(image.channels, 3);
  EXPECT_NEAR(sample(image, 8, 8, 0), r, tolerance);
  EXPECT_NEAR(sample(image, 8, 8, 1), g, tolerance);
  EXPECT_NEAR(sample(image, 8, 8, 2), b, tolerance);
}

TEST(CmykJpeg, becomes_rgb_by_the_plain_formula_without_a_profile) {
  for (const bool adobe : {true, false}) {
    expect_colour(decode_image(cmyk_jpeg({{0, 255, 255, 0}, adobe, JCS_CMYK, {}}), "red"), 255, 0, 0, 3);
    expect_colour(decode_image(cmyk_jpeg({{255, 0, 0, 127}, adobe, JCS_CMYK, {}}), "teal"), 0, 128, 128, 3);
    expect_colour(decode_image(cmyk_jpeg({{0, 0, 0, 0}, adobe, JCS_CMYK, {}}), "paper"), 255, 255, 255, 2);
    expect_colour(decode_image(cmyk_jpeg({{0, 0, 0, 255}, adobe, JCS_CMYK, {}}), "black"), 0, 0, 0, 2);
  }
}

TEST(CmykJpeg, stored_as_ycck_gives_the_same_colours) {
  expect_colour(decode_image(cmyk_jpeg({{0, 255, 255, 0}, true, JCS_YCCK, {}}), "red"), 255, 0, 0, 4);
  expect_colour(decode_image(cmyk_jpeg({{255, 0, 0, 127}, true, JCS_YCCK, {}}), "teal"), 0, 128, 128, 4);
}

TEST(CmykJpeg, goes_through_its_profile_which_is_then_dropped) {
  const Image image = decode_image(cmyk_jpeg({{255, 0, 0, 0}, true, JCS_CMYK, red_cyan_profile()}), "red cyan");
  EXPECT_GT(sample(image, 8, 8, 0), 180);
  EXPECT_LT(sample(image, 8, 8, 1), 100);
  EXPECT_LT(sample(image, 8, 8, 2), 100);
  EXPECT_TRUE(image.icc.empty());
}

TEST(CmykJpeg, ignores_a_profile_of_another_kind) {
  for (const Bytes& icc : {rgb_profile(), Bytes(300, 7)}) {
    const Image image = decode_image(cmyk_jpeg({{0, 255, 255, 0}, true, JCS_CMYK, icc}), "red");
    expect_colour(image, 255, 0, 0, 3);
    EXPECT_TRUE(image.icc.empty());
  }
}

// ---- PNG ----

Bytes make_png(int width, int height, int bits, int type, int interlace,
               const std::function<void(png_structp, png_infop)>& set, const Bytes& rows) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  Bytes bytes;
  png_set_write_fn(
      png, &bytes,
      [](png_structp p, png_bytep from, size_t n) {
        auto* to = static_cast<Bytes*>(png_get_io_ptr(p));
        to->insert(to->end(), from, from + n);
      },
      nullptr);
  png_set_IHDR(png, info, png_uint_32(width), png_uint_32(height), bits, type, interlace, 0, 0);
  if (set) set(png, info);
  png_write_info(png, info);
  const size_t row = rows.size() / size_t(height);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass)
    for (int y = 0; y < height; ++y) png_write_row(png, rows.data() + size_t(y) * row);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

TEST(Png, one_bit_becomes_grey) {
  const Bytes bytes = make_png(9, 1, 1, PNG_COLOR_TYPE_GRAY, 0, nullptr, {0b10110000, 0b10000000});
  const Image image = decode_image(bytes, "1 bit");
  EXPECT_EQ(image.channels, 1);
  EXPECT_EQ(image.bits, 8);
  EXPECT_EQ(image.data, (Bytes{255, 0, 255, 255, 0, 0, 0, 0, 255}));
}

TEST(Png, palettes_become_rgb_and_their_transparency_alpha) {
  const auto set = [](bool transparent) {
    return [transparent](png_structp png, png_infop info) {
      const png_color palette[] = {{1, 2, 3}, {200, 100, 50}};
      png_set_PLTE(png, info, palette, 2);
      const png_byte alpha[] = {77, 255};
      if (transparent) png_set_tRNS(png, info, alpha, 2, nullptr);
    };
  };
  EXPECT_EQ(decode_image(make_png(2, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, set(false), {1, 0}), "palette").data,
            (Bytes{200, 100, 50, 1, 2, 3}));
  EXPECT_EQ(decode_image(make_png(2, 1, 8, PNG_COLOR_TYPE_PALETTE, 0, set(true), {1, 0}), "palette").data,
            (Bytes{200, 100, 50, 255, 1, 2, 3, 77}));
}

TEST(Png, a_transparent_colour_becomes_alpha) {
  const auto set = [](png_structp png, png_infop info) {
    const png_color_16 transparent{0, 0, 0, 0, 40};
    png_set_tRNS(png, info, nullptr, 0, &transparent);
  };
  const Image image = decode_image(make_png(2, 1, 8, PNG_COLOR_TYPE_GRAY, 0, set, {40, 41}), "grey");
  EXPECT_EQ(image.channels, 2);
  EXPECT_EQ(image.data, (Bytes{40, 0, 41, 255}));
}

TEST(Png, interlaced_is_read_and_its_truncation_seen) {
  const Image image = make_picture(37, 29, 3);
  const Bytes bytes = make_png(37, 29, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, nullptr, image.data);
  EXPECT_EQ(max_difference(decode_image(bytes, "interlaced"), image), 0);
  for (size_t n = 0; n < bytes.size(); n += 13)
    EXPECT_THROW(decode_image(std::span(bytes).first(n), "cut"), Error) << n;
}

// ---- TIFF ----

using SetTags = std::function<void(TIFF*)>;

Image through_tiff(const SetTags& write) {
  const auto path = scratch_file();
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  write(tiff);
  TIFFClose(tiff);
  const Bytes bytes = read_file(path);
  std::filesystem::remove(path);
  return decode_image(bytes, "tiff");
}

void set_tags(TIFF* tiff, int width, int height, int bits, int samples, int photometric) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
}

void write_rows(TIFF* tiff, const void* data, int height, size_t row) {
  Bytes copy(static_cast<const uint8_t*>(data), static_cast<const uint8_t*>(data) + row * size_t(height));
  for (int y = 0; y < height; ++y) TIFFWriteScanline(tiff, copy.data() + size_t(y) * row, uint32_t(y), 0);
}

TEST(Tiff, is_read_under_every_compression) {
  const Image image = make_picture(40, 30, 3);
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_PACKBITS, COMPRESSION_ADOBE_DEFLATE}) {
    const Image back = through_tiff([&](TIFF* tiff) {
      set_tags(tiff, 40, 30, 8, 3, PHOTOMETRIC_RGB);
      TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
      TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 7);
      write_rows(tiff, image.data.data(), 30, 120);
    });
    EXPECT_EQ(max_difference(back, image), 0) << compression;
  }
}

TEST(Tiff, with_jpeg_inside_is_read) {
  const Image image = make_picture(48, 32, 3);
  const Image back = through_tiff([&](TIFF* tiff) {
    set_tags(tiff, 48, 32, 8, 3, PHOTOMETRIC_YCBCR);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
    TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 95);
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    write_rows(tiff, image.data.data(), 32, 144);
  });
  const int difference = max_difference(back, image);
  EXPECT_GE(difference, 0);
  EXPECT_LE(difference, 16);
}

TEST(Tiff, tiles_are_put_together) {
  for (const int bits : {8, 16}) {
    const Image image = make_picture(70, 45, 3, bits);
    const size_t pixel = 3 * size_t(bits / 8);
    const Image back = through_tiff([&](TIFF* tiff) {
      set_tags(tiff, 70, 45, bits, 3, PHOTOMETRIC_RGB);
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 32);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
      for (int y = 0; y < 45; y += 16)
        for (int x = 0; x < 70; x += 32) {
          Bytes tile(32 * 16 * pixel);
          for (int i = 0; i < std::min(16, 45 - y); ++i)
            std::memcpy(tile.data() + size_t(i) * 32 * pixel, image.data.data() + size_t((y + i) * 70 + x) * pixel,
                        size_t(std::min(32, 70 - x)) * pixel);
          TIFFWriteTile(tiff, tile.data(), uint32_t(x), uint32_t(y), 0, 0);
        }
    });
    EXPECT_EQ(max_difference(back, image), 0) << bits;
  }
}

TEST(Tiff, planes_are_interleaved) {
  const Image image = make_picture(21, 13, 4, 16);
  const Image back = through_tiff([&](TIFF* tiff) {
    set_tags(tiff, 21, 13, 16, 4, PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_SEPARATE);
    const uint16_t kind = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
    for (uint16_t c = 0; c < 4; ++c)
      for (uint32_t y = 0; y < 13; ++y) {
        std::vector<uint16_t> line;
        for (int x = 0; x < 21; ++x) line.push_back(uint16_t(sample(image, x, int(y), c)));
        TIFFWriteScanline(tiff, line.data(), y, c);
      }
  });
  EXPECT_EQ(max_difference(back, image), 0);
}

TEST(Tiff, white_at_zero_is_turned_over) {
  for (const int bits : {8, 16}) {
    Image image = make_picture(20, 10, 1, bits);
    Image negative = image;
    for (uint8_t& v : negative.data) v = uint8_t(255 - v);
    const Image back = through_tiff([&](TIFF* tiff) {
      set_tags(tiff, 20, 10, bits, 1, PHOTOMETRIC_MINISWHITE);
      write_rows(tiff, negative.data.data(), 10, size_t(20 * bits / 8));
    });
    EXPECT_EQ(max_difference(back, image), 0);
  }
}

TEST(Tiff, one_bit_becomes_grey_and_palettes_rgb) {
  const Bytes bits = {0b10110000, 0b10000000};
  const Image line = through_tiff([&](TIFF* tiff) {
    set_tags(tiff, 9, 1, 1, 1, PHOTOMETRIC_MINISBLACK);
    write_rows(tiff, bits.data(), 1, 2);
  });
  EXPECT_EQ(line.channels, 1);
  EXPECT_EQ(line.data, (Bytes{255, 0, 255, 255, 0, 0, 0, 0, 255}));

  const Bytes indices = {1, 0};
  const Image palette = through_tiff([&](TIFF* tiff) {
    set_tags(tiff, 2, 1, 8, 1, PHOTOMETRIC_PALETTE);
    std::vector<uint16_t> r(256), g(256), b(256);
    r[1] = 200 * 257, g[1] = 100 * 257, b[1] = 50 * 257;
    r[0] = 1 * 257, g[0] = 2 * 257, b[0] = 3 * 257;
    TIFFSetField(tiff, TIFFTAG_COLORMAP, r.data(), g.data(), b.data());
    write_rows(tiff, indices.data(), 1, 2);
  });
  EXPECT_EQ(palette.data, (Bytes{200, 100, 50, 1, 2, 3}));
}

TEST(Tiff, premultiplied_alpha_becomes_straight_and_other_extra_samples_are_left_out) {
  const Bytes pixels = {50, 100, 20, 128, 10, 20, 30, 255, 0, 0, 0, 0};
  for (const uint16_t kind : {EXTRASAMPLE_ASSOCALPHA, EXTRASAMPLE_UNSPECIFIED}) {
    const Image image = through_tiff([&](TIFF* tiff) {
      set_tags(tiff, 3, 1, 8, 4, PHOTOMETRIC_RGB);
      TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
      write_rows(tiff, pixels.data(), 1, 12);
    });
    if (kind == EXTRASAMPLE_ASSOCALPHA) {
      EXPECT_EQ(image.data, (Bytes{100, 199, 40, 128, 10, 20, 30, 255, 0, 0, 0, 0}));
    } else {
      EXPECT_EQ(image.data, (Bytes{50, 100, 20, 10, 20, 30, 0, 0, 0}));
    }
  }
}

TEST(Tiff, cmyk_becomes_rgb) {
  const Bytes pixels = {0, 255, 255, 0, 255, 0, 0, 127};
  const Image image = through_tiff([&](TIFF* tiff) {
    set_tags(tiff, 2, 1, 8, 4, PHOTOMETRIC_SEPARATED);
    write_rows(tiff, pixels.data(), 1, 8);
  });
  EXPECT_EQ(image.data, (Bytes{255, 0, 0, 0, 128, 128}));
}

TEST(Tiff, orientation_is_applied_once) {
  const Image stored = make_picture(23, 14, 3);
  const Image seen = through_tiff([&](TIFF* tiff) {
    set_tags(tiff, 23, 14, 8, 3, PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_RIGHTTOP);
    write_rows(tiff, stored.data.data(), 14, 69);
  });
  ASSERT_EQ(seen.width, 14);
  ASSERT_EQ(seen.height, 23);
  for (int y = 0; y < 14; ++y)
    for (int x = 0; x < 23; ++x) ASSERT_EQ(sample(seen, 13 - y, x, 1), sample(stored, x, y, 1));
  EXPECT_EQ(max_difference(decode_image(encode_image(seen, image_format("tiff")), "again"), seen), 0);
}

Image through_float_tiff(const std::vector<float>& values, int samples, bool planes = false, int bits = 32) {
  return through_tiff([&](TIFF* tiff) {
    const int width = int(values.size()) / samples;
    set_tags(tiff, width, 1, bits, samples, samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    if (planes) TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_SEPARATE);
    const uint16_t kind = EXTRASAMPLE_UNASSALPHA;
    if (samples % 2 == 0) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
    std::vector<float> row = values;
    for (int c = 0; c < (planes ? samples : 1); ++c) {
      for (int x = 0; planes && x < width; ++x) row[size_t(x)] = values[size_t(x * samples + c)];
      TIFFWriteScanline(tiff, row.data(), 0, uint16_t(c));
    }
  });
}

std::vector<uint16_t> samples_of(const Image& image) { return {image.data16(), image.data16() + image.samples()}; }

TEST(Tiff, floating_point_samples_become_16_bit) {
  EXPECT_EQ(samples_of(through_float_tiff({0.5f, 1, 0, -1, std::nanf("")}, 1)),
            (std::vector<uint16_t>{32768, 65535, 0, 0, 0}));
  const std::vector<uint16_t> expected = {16384, 32768, 49151, 65535, 0, 6554, 13107, 19661};
  for (const bool planes : {false, true})
    EXPECT_EQ(samples_of(through_float_tiff({0.25f, 0.5f, 0.75f, 1, 0, 0.1f, 0.2f, 0.3f}, 4, planes)), expected);
}

TEST(Tiff, floating_point_light_above_white_is_clipped_where_it_is_rare) {
  std::vector<float> values(40, 0.5f);
  values[7] = 1.7f;
  EXPECT_EQ(sample(through_float_tiff(values, 1), 7, 0, 0), 65535);
  for (float& value : values) value *= 200;
  try {
    through_float_tiff(values, 1);
    FAIL() << "was read";
  } catch (const FormatError& error) {
    EXPECT_NE(std::string(error.what()).find("floating-point samples of 0 to 1 are read, not of up to 340"),
              std::string::npos)
        << error.what();
  }
}

TEST(Tiff, of_other_floating_point_samples_is_refused) {
  EXPECT_THROW(through_float_tiff({0.5f, 1, 0, 0}, 1, false, 16), FormatError);
}

TEST(Tiff, of_rows_with_many_unseen_samples_is_refused_before_memory_is_taken) {
  std::vector<uint8_t> bytes = TiffEditor::empty_block();
  TiffEditor editor(bytes);
  editor.set_first(editor.append({editor.make_long(256, 100'000), editor.make_long(257, 1), editor.make_short(258, 8),
                                  editor.make_short(259, 8), editor.make_short(262, 1), editor.make_long(273, 8),
                                  editor.make_short(277, 65'535), editor.make_long(279, 100)}));
  bytes.resize(1000);
  EXPECT_THROW(decode_image(bytes, "wide"), LimitError);
}

// ---- WebP ----

TEST(WebP, of_an_animation_the_first_frame_is_taken) {
  WebPAnimEncoderOptions options;
  ASSERT_TRUE(WebPAnimEncoderOptionsInit(&options));
  WebPAnimEncoder* encoder = WebPAnimEncoderNew(24, 16, &options);
  WebPConfig config;
  ASSERT_TRUE(WebPConfigInit(&config));
  config.lossless = 1;
  const Image first = make_picture(24, 16, 3);
  Image second = first;
  for (uint8_t& v : second.data) v = uint8_t(255 - v);
  int time = 0;
  for (const Image* frame : std::initializer_list<const Image*>{&first, &second}) {
    WebPPicture picture;
    ASSERT_TRUE(WebPPictureInit(&picture));
    picture.use_argb = 1;
    picture.width = 24;
    picture.height = 16;
    ASSERT_TRUE(WebPPictureImportRGB(&picture, frame->data.data(), 72));
    ASSERT_TRUE(WebPAnimEncoderAdd(encoder, &picture, time, &config));
    WebPPictureFree(&picture);
    time += 100;
  }
  WebPAnimEncoderAdd(encoder, nullptr, time, nullptr);
  WebPData data;
  WebPDataInit(&data);
  ASSERT_TRUE(WebPAnimEncoderAssemble(encoder, &data));
  EXPECT_EQ(max_difference(decode_image({data.bytes, data.size}, "animation"), first), 0);
  for (size_t n = 0; n < data.size; n += 7) EXPECT_THROW(decode_image({data.bytes, n}, "cut"), Error) << n;
  WebPDataClear(&data);
  WebPAnimEncoderDelete(encoder);
}

// ---- BMP ----

Bytes bmp(int width, int height, int bits, const Bytes& palette, const Bytes& rows) {
  Bytes bytes = {'B', 'M'};
  const auto put = [&](int64_t value, int n) {
    for (int i = 0; i < n; ++i) bytes.push_back(uint8_t(value >> (8 * i)));
  };
  put(54 + int64_t(palette.size() + rows.size()), 4);
  put(0, 4);
  put(54 + int64_t(palette.size()), 4);
  put(40, 4);
  put(width, 4);
  put(height, 4);
  put(1, 2);
  put(bits, 2);
  put(0, 4);
  put(int64_t(rows.size()), 4);
  put(0, 8);
  put(int64_t(palette.size() / 4), 4);
  put(0, 4);
  bytes.insert(bytes.end(), palette.begin(), palette.end());
  bytes.insert(bytes.end(), rows.begin(), rows.end());
  return bytes;
}

const Bytes kTwoByTwo = {3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0};  // BGR, rows padded to four bytes

TEST(Bmp, is_read_bottom_up_and_top_down) {
  EXPECT_EQ(decode_image(bmp(2, 2, 24, {}, kTwoByTwo), "bmp").data, (Bytes{7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(decode_image(bmp(2, -2, 24, {}, kTwoByTwo), "bmp").data, (Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
}

TEST(Bmp, palettes_become_rgb) {
  const Image image = decode_image(bmp(2, 1, 8, {3, 2, 1, 0, 50, 100, 200, 0}, {1, 0, 0, 0}), "bmp");
  EXPECT_EQ(image.data, (Bytes{200, 100, 50, 1, 2, 3}));
}

TEST(Bmp, truncation_is_an_error_at_every_position) {
  const Bytes whole = bmp(2, 2, 24, {}, kTwoByTwo);
  for (size_t n = 0; n < whole.size(); ++n)
    EXPECT_THROW(decode_image(std::span(whole).first(n), "cut"), FormatError) << n;
}

}  // namespace
}  // namespace daclip
