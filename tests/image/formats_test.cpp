// The table of picture formats: that its rows are unambiguous, and that readers and writers do what it says.
#include "image/formats.h"

#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "pictures.h"
#include "profiles.h"

namespace daclip {
namespace {

TEST(Formats, names_and_endings_belong_to_one_format_each) {
  std::set<std::string_view> names, endings;
  for (const ImageFormat& format : image_formats()) {
    EXPECT_TRUE(names.insert(format.name).second) << format.name;
    ASSERT_FALSE(format.endings.empty()) << format.name;
    for (const std::string_view ending : format.endings) {
      EXPECT_TRUE(endings.insert(ending).second) << ending;
      EXPECT_EQ(ending.front(), '.') << ending;
    }
  }
}

TEST(Formats, are_recognised_by_every_ending_in_any_case) {
  for (const char* ending : {"jpg", "jpeg", "jpe", "jfif", "jif", "JPG", "Jfif"})
    EXPECT_EQ(format_of_name(cat("a/b.", ending)), &image_format("jpeg")) << ending;
  for (const char* ending : {"tif", "tiff", "TiF"})
    EXPECT_EQ(format_of_name(cat("x.y.", ending)), &image_format("tiff")) << ending;
  EXPECT_EQ(format_of_name("b.webp"), &image_format("webp"));
  EXPECT_EQ(format_of_name("b.png"), &image_format("png"));
  EXPECT_EQ(format_of_name("b.bmp"), &image_format("bmp"));
  for (const char* name : {"png", ".png", "b.txt", "b.", ""}) EXPECT_EQ(format_of_name(name), nullptr) << name;
}

TEST(Formats, are_found_by_name_and_by_ending) {
  EXPECT_EQ(&image_format("jpeg"), &image_format("jpg"));
  EXPECT_EQ(&image_format("tiff"), &image_format("tif"));
  EXPECT_EQ(image_format("webp").title, "WebP");
  try {
    image_format("xyz");
    FAIL() << "knew xyz";
  } catch (const UsageError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("picture format xyz: expected jpeg, png, webp, "))
        << error.what();
  }
}

TEST(Formats, are_not_recognised_in_empty_or_other_bytes) {
  EXPECT_EQ(detect_format({}), nullptr);
  const std::string_view text = "RIFF....WAVE";
  EXPECT_EQ(detect_format(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size())), nullptr);
}

TEST(Formats, that_this_build_cannot_read_are_refused_by_name) {
  const ImageFormat heic = {.name = "heic", .title = "HEIC", .endings = {".heic"}};
  try {
    decode_as(heic, std::vector<uint8_t>(100), "photo.heic", {});
    FAIL() << "was read";
  } catch (const FormatError& error) {
    EXPECT_EQ(error.what(),
              cat("photo.heic: is HEIC, and this build reads no HEIC (expected ", readable_titles(" or "), ")"));
  }
}

TEST(Formats, that_are_only_read_are_refused_when_writing) {
  try {
    encode_image(make_picture(4, 4, 3), image_format("bmp"));
    FAIL() << "was written";
  } catch (const UsageError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("BMP is not written; choose jpg, png, webp")) << error.what();
  }
}

class Writable : public testing::TestWithParam<const ImageFormat*> {
 protected:
  static Image reload(const Image& image, int quality = 100) {
    return decode_image(encode_image(image, *GetParam(), {.quality = quality}), "reloaded");
  }
};

TEST_P(Writable, is_recognised_by_its_content) {
  EXPECT_EQ(detect_format(encode_image(make_picture(9, 7, 3), *GetParam())), GetParam());
}

TEST_P(Writable, holds_what_the_table_says) {
  const ImageFormat& format = *GetParam();
  EXPECT_EQ(reload(make_picture(20, 10, 3, 16)).bits, format.bits16 ? 16 : 8);
  EXPECT_EQ(reload(make_picture(20, 10, 4)).has_alpha(), format.alpha);
  Image image = make_picture(20, 10, 3);
  image.icc = rgb_profile();
  image.metadata.exif = make_exif(1);
  const Image back = reload(image);
  EXPECT_EQ(!back.icc.empty(), format.profile);
  EXPECT_EQ(!back.metadata.exif.empty(), format.exif);
}

TEST_P(Writable, loses_what_the_table_says) {
  const Image image = make_picture(61, 37, 3);
  EXPECT_EQ(max_difference(reload(image, 100), image) > 0, GetParam()->loss == Loss::always);
  EXPECT_EQ(max_difference(reload(image, 50), image) > 0, GetParam()->loss != Loss::never);
}

INSTANTIATE_TEST_SUITE_P(Formats, Writable, testing::ValuesIn(formats_written()),
                         [](const auto& tested) { return std::string(tested.param->name); });

}  // namespace
}  // namespace daclip
