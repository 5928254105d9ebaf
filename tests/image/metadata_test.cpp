// Colour profiles, EXIF and orientation on their way through the files.
#include <gtest/gtest.h>

#include <exiv2/exiv2.hpp>

#include "image/formats.h"
#include "image/seen.h"
#include "pictures.h"
#include "profiles.h"

namespace daclip {
namespace {

Image reload(const Image& image, const ImageFormat& format) {
  return decode_image(encode_image(image, format, {.quality = 100}), "reloaded");
}
Image reload(const Image& image, const char* format) { return reload(image, image_format(format)); }

std::string exif_text(const std::vector<uint8_t>& block, const char* key) {
  Exiv2::ExifData data;
  Exiv2::ExifParser::decode(data, block.data(), uint32_t(block.size()));
  const auto found = data.findKey(Exiv2::ExifKey(key));
  return found == data.end() ? "" : found->toString();
}

TEST(Metadata, profiles_are_carried_by_every_format) {
  for (const ImageFormat* format : formats_written()) {
    Image image = make_picture(16, 12, 3);
    image.icc = rgb_profile();
    EXPECT_EQ(reload(image, *format).icc, image.icc) << format->title;
  }
  for (const char* format : {"jpeg", "png", "tiff"}) {
    Image image = make_picture(16, 12, 1);
    image.icc = grey_profile();
    EXPECT_EQ(reload(image, format).icc, image.icc) << format;
  }
}

TEST(Metadata, a_grey_profile_becomes_rgb_where_grey_does) {
  Image image = make_picture(16, 12, 1);
  image.icc = grey_profile();
  const Image back = reload(image, "webp");
  EXPECT_EQ(back.channels, 3);
  // The same tones: 2.2, not those of sRGB.
  const Image seen = SeenPhoto(back).image(), expected = SeenPhoto(image).image();
  ASSERT_EQ(seen.bits, 16);
  for (int x = 0; x < 16; ++x) EXPECT_NEAR(sample(seen, x, 3, 1), sample(expected, x, 3, 0), 100) << x;
}

TEST(Metadata, profiles_larger_than_a_jpeg_marker_are_carried) {
  Image image = make_picture(16, 12, 3);
  image.icc = rgb_profile();
  image.icc.resize(200'000);
  for (const char* format : {"jpeg", "webp", "tiff"}) EXPECT_EQ(reload(image, format).icc, image.icc) << format;
}

TEST(Metadata, a_profile_of_another_kind_does_not_fail_the_picture) {
  Image image = make_picture(16, 12, 1);
  image.icc = {1, 2, 3, 4};
  for (const ImageFormat* format : formats_written()) EXPECT_EQ(reload(image, *format).width, 16) << format->title;
}

TEST(Metadata, exif_is_carried_by_every_format) {
  for (const ImageFormat* format : formats_written())
    for (const bool big_endian : {false, true}) {
      Image image = make_picture(16, 12, 3);
      image.exif = make_exif(1, big_endian);
      const Image back = reload(image, *format);
      EXPECT_EQ(exif_text(back.exif, "Exif.Image.Make"), "daclip") << format->title;
      EXPECT_EQ(exif_text(back.exif, "Exif.Photo.ExposureTime"), "1/250") << format->title;
      if (format->name != "tiff") {
        EXPECT_EQ(back.exif, image.exif) << format->title;
      }
    }
}

TEST(Metadata, exif_survives_several_tiff_generations_with_the_picture) {
  for (const int bits : {8, 16}) {
    Image image = make_picture(33, 21, 4, bits);
    image.icc = rgb_profile();
    image.exif = make_exif(1);
    const Image back = reload(reload(image, "tiff"), "tiff");
    EXPECT_EQ(max_difference(back, image), 0);
    EXPECT_EQ(back.icc, image.icc);
    EXPECT_EQ(exif_text(back.exif, "Exif.Photo.ExposureTime"), "1/250");
  }
}

TEST(Metadata, damaged_exif_is_dropped) {
  for (const ImageFormat* format : formats_written()) {
    Image image = make_picture(16, 12, 3);
    image.exif.assign(100, 'x');
    const Image back = reload(image, *format);
    EXPECT_EQ(max_difference(back, reload(make_picture(16, 12, 3), *format)), 0) << format->title;
    if (format->name != "tiff") {
      EXPECT_TRUE(back.exif.empty()) << format->title;
    }
  }
}

// Where the stored pixel (x, y) of a (w, h) picture is seen, by the definition of the EXIF tag: the 0th row and the 0th
// column of the stored picture are the sides of the seen one that the standard names.
std::pair<int, int> seen_at(int orientation, int x, int y, int w, int h) {
  switch (orientation) {
    case 2: return {w - 1 - x, y};          // row top, column right
    case 3: return {w - 1 - x, h - 1 - y};  // row bottom, column right
    case 4: return {x, h - 1 - y};          // row bottom, column left
    case 5: return {y, x};                  // row left, column top
    case 6: return {h - 1 - y, x};          // row right, column top
    case 7: return {h - 1 - y, w - 1 - x};  // row right, column bottom
    case 8: return {y, w - 1 - x};          // row left, column bottom
    default: return {x, y};
  }
}

class Orientation : public testing::TestWithParam<int> {};

TEST_P(Orientation, is_applied_once_and_reset) {
  const int orientation = GetParam();
  for (const char* format : {"jpeg", "png", "webp"})
    for (const int channels : {1, 3, 4})
      for (const int bits : {8, 16}) {
        Image stored = make_picture(23, 14, channels, bits);
        const Image plain = reload(stored, format);
        stored.exif = make_exif(orientation, orientation % 2);
        const Image seen = reload(stored, format);
        ASSERT_EQ(seen.width, orientation >= 5 ? plain.height : plain.width);
        ASSERT_EQ(seen.height, orientation >= 5 ? plain.width : plain.height);
        for (int y = 0; y < plain.height; ++y)
          for (int x = 0; x < plain.width; ++x) {
            const auto [sx, sy] = seen_at(orientation, x, y, plain.width, plain.height);
            for (int c = 0; c < plain.channels; ++c) ASSERT_EQ(sample(seen, sx, sy, c), sample(plain, x, y, c));
          }
        EXPECT_EQ(exif_text(seen.exif, "Exif.Image.Orientation"), "1");
        EXPECT_EQ(exif_text(seen.exif, "Exif.Photo.ExposureTime"), "1/250");
        EXPECT_EQ(max_difference(reload(seen, "png"), seen), 0) << "turned again";
      }
}

INSTANTIATE_TEST_SUITE_P(Metadata, Orientation, testing::Range(1, 9));

TEST(Metadata, an_impossible_orientation_counts_as_upright) {
  for (const int orientation : {0, 9, 255}) {
    Image image = make_picture(23, 14, 3);
    image.exif = make_exif(orientation);
    EXPECT_EQ(max_difference(reload(image, "png"), make_picture(23, 14, 3)), 0);
  }
}

}  // namespace
}  // namespace daclip
