// Colour profiles, EXIF and orientation on their way through the files.
#include <gtest/gtest.h>

#include <zlib.h>
#include <exiv2/exiv2.hpp>

#include "core/error.h"

#include "image/containers.h"
#include "image/exif.h"
#include "image/formats.h"
#include "image/metadata.h"
#include "image/seen.h"
#include "image/tiff_tags.h"
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
      image.metadata.exif = make_exif(1, big_endian);
      const Image back = reload(image, *format);
      EXPECT_EQ(exif_text(back.metadata.exif, "Exif.Image.Make"), "daclip") << format->title;
      EXPECT_EQ(exif_text(back.metadata.exif, "Exif.Photo.ExposureTime"), "1/250") << format->title;
      if (format->name != "tiff") {
        EXPECT_EQ(back.metadata.exif, image.metadata.exif) << format->title;
      }
    }
}

TEST(Metadata, exif_survives_several_tiff_generations_with_the_picture) {
  for (const int bits : {8, 16}) {
    Image image = make_picture(33, 21, 4, bits);
    image.icc = rgb_profile();
    image.metadata.exif = make_exif(1);
    const Image back = reload(reload(image, "tiff"), "tiff");
    EXPECT_EQ(max_difference(back, image), 0);
    EXPECT_EQ(back.icc, image.icc);
    EXPECT_EQ(exif_text(back.metadata.exif, "Exif.Photo.ExposureTime"), "1/250");
  }
}

TEST(Metadata, damaged_exif_is_dropped) {
  for (const ImageFormat* format : formats_written()) {
    Image image = make_picture(16, 12, 3);
    image.metadata.exif.assign(100, 'x');
    const Image back = reload(image, *format);
    EXPECT_EQ(max_difference(back, reload(make_picture(16, 12, 3), *format)), 0) << format->title;
    if (format->name != "tiff") {
      EXPECT_TRUE(back.metadata.exif.empty()) << format->title;
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
        stored.metadata.exif = make_exif(orientation, orientation % 2);
        const Image seen = reload(stored, format);
        ASSERT_EQ(seen.width, orientation >= 5 ? plain.height : plain.width);
        ASSERT_EQ(seen.height, orientation >= 5 ? plain.width : plain.height);
        for (int y = 0; y < plain.height; ++y)
          for (int x = 0; x < plain.width; ++x) {
            const auto [sx, sy] = seen_at(orientation, x, y, plain.width, plain.height);
            for (int c = 0; c < plain.channels; ++c) ASSERT_EQ(sample(seen, sx, sy, c), sample(plain, x, y, c));
          }
        EXPECT_EQ(exif_text(seen.metadata.exif, "Exif.Image.Orientation"), "1");
        EXPECT_EQ(exif_text(seen.metadata.exif, "Exif.Photo.ExposureTime"), "1/250");
        EXPECT_EQ(max_difference(reload(seen, "png"), seen), 0) << "turned again";
      }
}

INSTANTIATE_TEST_SUITE_P(Metadata, Orientation, testing::Range(1, 9));

TEST(Metadata, an_impossible_orientation_counts_as_upright) {
  for (const int orientation : {0, 9, 255}) {
    Image image = make_picture(23, 14, 3);
    image.metadata.exif = make_exif(orientation);
    EXPECT_EQ(max_difference(reload(image, "png"), make_picture(23, 14, 3)), 0);
  }
}

// An EXIF block with what goes wrong in other programs: a bad entry, a maker note, GPS, a thumbnail, sizes.
struct RichExif {
  static constexpr uint16_t kAscii = 2, kRational = 5, kUndefined = 7;
  std::vector<uint8_t> block;
  size_t note_at = 0;

  explicit RichExif(const std::string& note, int orientation = 1, bool big_endian = false)
      : block(TiffEditor::empty_block(big_endian)) {
    TiffEditor editor(block);
    const auto text = [&](uint16_t id, uint16_t type, const std::string& value) {
      return editor.make(id, type, uint32_t(value.size()), bytes(value));
    };
    const TiffTag maker_note = text(tag::maker_note, kUndefined, note);
    note_at = block.size() - note.size();
    const uint32_t photo =
        editor.append({text(0x9003, kAscii, std::string("2010:05:15 17:12:05", 20)), maker_note,
                       editor.make_short(tag::pixel_width, 23), editor.make_long(tag::pixel_height, 14)});
    const std::vector<uint8_t> degrees(24, 77);
    const uint32_t gps = editor.append({text(1, kAscii, std::string("N", 2)), editor.make(2, kRational, 3, degrees)});
    const std::string thumbnail = "\xff\xd8 the old picture \xff\xd9";
    const TiffTag picture = text(0, kUndefined, thumbnail);
    const uint32_t second = editor.append({editor.make_long(tag::thumbnail, uint32_t(block.size() - thumbnail.size())),
                                           editor.make_long(tag::thumbnail_size, uint32_t(thumbnail.size()))});
    TiffTag bad = picture;
    bad.id = 1;
    bad.type = 0;
    editor.set_first(editor.append(
        {bad, text(tag::make, kAscii, std::string("Camera", 7)),
         editor.make_short(tag::orientation, uint16_t(orientation)), editor.make_rational(tag::x_resolution, 300),
         editor.make_rational(tag::y_resolution, 150), editor.make_short(tag::resolution_unit, 2),
         editor.make_long(tag::exif, photo), editor.make_long(tag::gps, gps)},
        second));
  }

  static std::span<const uint8_t> bytes(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }
};

Image picture_with(std::vector<uint8_t> exif) {
  Image image = make_picture(23, 14, 3);
  image.metadata.exif = std::move(exif);
  return image;
}

bool contains(const std::vector<uint8_t>& bytes, std::string_view text) {
  return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
}

// The data of a tag in the EXIF directory.
std::string photo_tag(const std::vector<uint8_t>& exif, uint16_t id) {
  const TiffTags tags(exif);
  const std::span<const uint8_t> data = tags.data(tags.find(tags.pointer(tags.first(), tag::exif), id));
  return {data.begin(), data.end()};
}

uint32_t photo_number(const std::vector<uint8_t>& exif, uint16_t id) {
  const TiffTags tags(exif);
  return tags.integer(tags.find(tags.pointer(tags.first(), tag::exif), id));
}

TEST(Metadata, one_bad_tag_costs_no_other) {
  for (const ImageFormat* format : formats_written())
    for (const bool big_endian : {false, true}) {
      const Image back = reload(picture_with(RichExif("note-note", 1, big_endian).block), *format);
      EXPECT_EQ(exif_text(back.metadata.exif, "Exif.Image.Make"), "Camera") << format->title;
      EXPECT_EQ(photo_tag(back.metadata.exif, 0x9003).substr(0, 19), "2010:05:15 17:12:05") << format->title;
      EXPECT_NE(exif_text(back.metadata.exif, "Exif.GPSInfo.GPSLatitudeRef"), "") << format->title;
    }
}

TEST(Metadata, maker_notes_keep_their_bytes_and_their_place_through_every_pair_of_formats) {
  const RichExif rich("a note with an offset");
  for (const ImageFormat* first : formats_written())
    for (const ImageFormat* second : formats_written()) {
      const Image back = reload(reload(picture_with(rich.block), *first), *second);
      const TiffTags tags(back.metadata.exif);
      const TiffTag note = tags.find(tags.pointer(tags.first(), tag::exif), tag::maker_note);
      EXPECT_EQ(tags.data_at(note), rich.note_at) << first->title << " to " << second->title;
      EXPECT_EQ(photo_tag(back.metadata.exif, tag::maker_note), "a note with an offset");
    }
}

TEST(Metadata, a_maker_note_that_cannot_keep_its_place_is_left_out_unless_its_offsets_are_its_own) {
  for (const auto& [note, kept] : {std::pair{std::string("SONY DSC with offsets"), false},
                                   {std::string("Nikon\0\2 with offsets of its own", 31), true}}) {
    std::vector<uint8_t> tiff = TiffEditor::empty_block();
    tiff.resize(100'000);  // as behind the samples of a picture
    TiffEditor editor(tiff);
    const uint32_t photo = editor.append({editor.make(tag::maker_note, 7, uint32_t(note.size()), RichExif::bytes(note)),
                                          editor.make_short(0x8827, 400)});
    editor.set_first(editor.append({editor.make_long(tag::exif, photo)}));
    const std::vector<uint8_t> exif = metadata_of_tiff(tiff).exif;
    EXPECT_EQ(photo_tag(exif, tag::maker_note), kept ? note : "");
    EXPECT_EQ(photo_number(exif, 0x8827), 400u);
    EXPECT_LT(exif.size(), 1000u);
  }
}

TEST(Metadata, thumbnails_are_removed_with_their_bytes) {
  for (const ImageFormat* format : formats_written()) {
    const std::vector<uint8_t> file = encode_image(picture_with(RichExif("note-note").block), *format);
    const Image back = decode_image(file, "picture");
    EXPECT_FALSE(contains(back.metadata.exif, "the old picture")) << format->title;
    EXPECT_EQ(TiffTags(back.metadata.exif).next(TiffTags(back.metadata.exif).first()), 0u) << format->title;
  }
  Image image = make_picture(16, 12, 3);
  const std::string xmp =
      "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
      "<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:xmpGImg='http://ns.adobe.com/xap/1.0/g/img/'"
      " xmp:Rating='3'><xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType='Resource'><xmpGImg:image>b2xk</xmpGImg:image>"
      "</rdf:li></rdf:Alt></xmp:Thumbnails></rdf:Description></rdf:RDF></x:xmpmeta>";
  image.metadata.xmp.assign(xmp.begin(), xmp.end());
  const Image back = reload(image, "png");
  EXPECT_FALSE(contains(back.metadata.xmp, "b2xk"));
  EXPECT_TRUE(contains(back.metadata.xmp, "xmp:Rating=\"3\""));
}

TEST(Metadata, sizes_and_resolution_follow_a_turned_picture) {
  for (const char* format : {"jpeg", "png", "webp"}) {
    const Image image = picture_with(RichExif("note-note", 6).block);
    const Image turned = reload(reload(image, format), format);
    ASSERT_EQ(turned.width, 14) << format;
    EXPECT_EQ(photo_number(turned.metadata.exif, tag::pixel_width), 14u) << format;
    EXPECT_EQ(photo_number(turned.metadata.exif, tag::pixel_height), 23u) << format;
    EXPECT_EQ(turned.metadata.resolution.x, 150) << format;
    EXPECT_EQ(exif_resolution(turned.metadata.exif).y, 300) << format;
  }
}

TEST(Metadata, a_size_that_is_too_large_for_its_tag_is_stored_in_a_larger_one) {
  std::vector<uint8_t> exif = RichExif("note-note").block;
  set_exif_size(exif, 70'000, 80'000);
  EXPECT_EQ(photo_number(exif, tag::pixel_width), 70'000u);
  EXPECT_EQ(photo_number(exif, tag::pixel_height), 80'000u);
}

TEST(Metadata, profiles_in_texts_of_png_are_read) {
  Image image = make_picture(23, 14, 3);
  std::vector<uint8_t> exif = make_exif(6), prefixed(kExifPrefix.begin(), kExifPrefix.end());
  prefixed.insert(prefixed.end(), exif.begin(), exif.end());
  for (const auto& [name, block] : {std::pair{"exif", exif}, {"exif", prefixed}, {"APP1", prefixed}}) {
    image.metadata.text = {{cat("Raw profile type ", name), raw_profile(name, block)}, {"Author", "J\u00f6rg"}};
    const Image back = reload(image, "png");
    EXPECT_EQ(back.width, 14) << name;
    EXPECT_EQ(exif_text(back.metadata.exif, "Exif.Image.Make"), "daclip") << name;
    ASSERT_EQ(back.metadata.text.size(), 1u) << name;
    EXPECT_EQ(back.metadata.text[0].text, "J\u00f6rg") << name;
  }
}

TEST(Metadata, a_damaged_profile_in_a_text_of_png_is_ignored) {
  for (const std::string text : {"", "\nexif\n", "\nexif\n 999999999999\n4578", "exif 3 zz", "\nexif\n     4\n4949"}) {
    Image image = make_picture(23, 14, 3);
    image.metadata.text = {{"Raw profile type exif", text}};
    EXPECT_TRUE(reload(image, "png").metadata.exif.empty()) << text;
  }
}

TEST(Metadata, the_place_is_removed_with_its_bytes) {
  Metadata metadata;
  metadata.exif = RichExif("note-note").block;
  const std::string degrees(24, char(77));
  ASSERT_TRUE(contains(metadata.exif, degrees));
  const std::string xmp =
      "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
      "<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:exif='http://ns.adobe.com/exif/1.0/'"
      " xmlns:drone='http://www.dji.com/drone-dji/1.0/' xmp:Rating='3' exif:GPSLatitude='48,8.5N'"
      " drone:GpsLongitude='11.5'/></rdf:RDF></x:xmpmeta>";
  metadata.xmp.assign(xmp.begin(), xmp.end());
  remove_gps(metadata);
  EXPECT_FALSE(contains(metadata.exif, degrees));
  EXPECT_EQ(exif_text(metadata.exif, "Exif.GPSInfo.GPSLatitudeRef"), "");
  EXPECT_EQ(exif_text(metadata.exif, "Exif.Image.Make"), "Camera");
  EXPECT_EQ(photo_tag(metadata.exif, tag::maker_note), "note-note");
  EXPECT_FALSE(contains(metadata.xmp, "48,8.5N"));
  EXPECT_FALSE(contains(metadata.xmp, "11.5"));
  EXPECT_TRUE(contains(metadata.xmp, "xmp:Rating=\"3\""));
}

TEST(Metadata, what_an_algorithm_did_is_said_and_a_picture_made_by_a_model_stays_one) {
  Metadata metadata;
  mark_digital_source(metadata, false);
  EXPECT_TRUE(contains(metadata.xmp,
                       "Iptc4xmpExt:DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/"
                       "algorithmicallyEnhanced\""));
  mark_digital_source(metadata, true);
  EXPECT_TRUE(contains(metadata.xmp, "/compositeWithTrainedAlgorithmicMedia\""));
  mark_digital_source(metadata, false);
  EXPECT_TRUE(contains(metadata.xmp, "/compositeWithTrainedAlgorithmicMedia\""));
}

TEST(Metadata, xmp_that_cannot_be_parsed_stays_as_it_is) {
  Image image = make_picture(16, 12, 3);
  const std::string_view broken = "<x:xmpmeta Orientation Thumbnails PixelXDimension";
  image.metadata.xmp.assign(broken.begin(), broken.end());
  for (const ImageFormat* format : formats_written())
    EXPECT_EQ(reload(image, *format).metadata.xmp, image.metadata.xmp) << format->title;
}

// As write_png() makes it, with a text in front that has an empty keyword.
std::vector<uint8_t> png_with_unnamed_text() {
  std::vector<uint8_t> png = encode_image(make_picture(16, 12, 3), image_format("png"));
  std::vector<uint8_t> chunk = {0, 0, 0, 3, 't', 'E', 'X', 't', 0, 'h', 'i'};
  const auto crc = uint32_t(crc32(0, chunk.data() + 4, uInt(chunk.size() - 4)));
  for (int shift = 24; shift >= 0; shift -= 8) chunk.push_back(uint8_t(crc >> shift));
  constexpr ptrdiff_t kAfterHeader = 8 + 25;
  png.insert(png.begin() + kAfterHeader, chunk.begin(), chunk.end());
  return png;
}

TEST(Metadata, a_text_without_a_name_is_a_comment) {
  const Image back = reload(decode_image(png_with_unnamed_text()), "png");
  ASSERT_EQ(back.metadata.text.size(), 1u);
  EXPECT_EQ(back.metadata.text[0].keyword, "Comment");
  EXPECT_EQ(back.metadata.text[0].text, "hi");
}

TEST(Metadata, control_characters_in_texts_cost_no_xmp) {
  Image image = make_picture(16, 12, 3);
  image.metadata.text = {{"Comment",
                          "a\x01\x1f"
                          "b"},
                         {"Title", "c\x02"}};
  image.metadata.iptc = {0x1c, 2, 120, 0, 3, 's', 1, 'a'};
  const Image back = reload(image, "webp");
  std::string packet(back.metadata.xmp.begin(), back.metadata.xmp.end());
  Exiv2::XmpData data;
  ASSERT_EQ(Exiv2::XmpParser::decode(data, packet), 0);
  EXPECT_EQ(data["Xmp.exif.UserComment"].toString(), "lang=\"x-default\" a  b");
  EXPECT_EQ(std::ranges::count_if(packet, [](char c) { return uint8_t(c) < 0x20 && c != '\n' && c != '\t'; }), 0);
  EXPECT_EQ(packet.find("&#x"), packet.npos) << packet;
}

TEST(Metadata, text_is_utf8_by_the_letter) {
  for (const char* good : {"J\xc3\xb6rg", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf"})
    EXPECT_EQ(as_utf8(good), good);
  // An overlong slash, a surrogate, beyond the last code point.
  for (const char* bad : {"\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80"})
    EXPECT_NE(as_utf8(bad), bad);
}

TEST(Metadata, a_thumbnail_that_lies_about_its_place_costs_no_other_tag) {
  for (const uint32_t size : {50u, 0xffffffffu}) {
    std::vector<uint8_t> exif = TiffEditor::empty_block();
    TiffEditor editor(exif);
    const TiffTag make = editor.make(tag::make, RichExif::kAscii, 7, RichExif::bytes(std::string("Camera", 7)));
    const uint32_t second =
        editor.append({editor.make_long(tag::strip_offsets, 9), editor.make_long(tag::strip_sizes, size)});
    editor.set_first(editor.append({make}, second));
    tidy_exif(exif);
    EXPECT_EQ(exif_text(exif, "Exif.Image.Make"), "Camera") << size;
    EXPECT_EQ(TiffTags(exif).next(TiffTags(exif).first()), 0u);
  }
  // A second directory that claims more entries than there is room for.
  RichExif rich("note-note");
  const TiffTags tags(rich.block);
  TiffEditor(rich.block).set_number(tags.next(tags.first()), 2, 0x7fff);
  tidy_exif(rich.block);
  EXPECT_EQ(exif_text(rich.block, "Exif.Image.Make"), "Camera");
}

std::vector<uint8_t> large_xmp(size_t size) {
  std::string xmp =
      "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
      "<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' "
      "xmlns:depth='http://ns.google.com/photos/1.0/depthmap/'"
      " xmp:Rating='3' depth:Data='";
  xmp.append(size, 'x') += "'/></rdf:RDF></x:xmpmeta>";
  return {xmp.begin(), xmp.end()};
}

TEST(Metadata, xmp_above_the_size_of_a_marker_goes_through_jpeg) {
  Image image = make_picture(16, 12, 3);
  image.metadata.xmp = large_xmp(200'000);
  const std::vector<uint8_t> file = encode_image(image, image_format("jpeg"));
  EXPECT_TRUE(contains(file, "xmpNote:HasExtendedXMP"));
  const Image back = decode_image(file);
  EXPECT_TRUE(contains(back.metadata.xmp, std::string(200'000, 'x')));
  EXPECT_TRUE(contains(back.metadata.xmp, "xmp:Rating=\"3\""));
  EXPECT_FALSE(contains(back.metadata.xmp, "HasExtendedXMP"));
  // The other packet alone is read where the extension is damaged.
  std::vector<uint8_t> damaged = file;
  const std::string_view name = "http://ns.adobe.com/xmp/extension/";
  const auto at = std::search(damaged.begin(), damaged.end(), name.begin(), name.end());
  at[ptrdiff_t(name.size()) + 1 + 32 + 3] ^= 1;  // its size
  const Image partly = decode_image(damaged);
  EXPECT_TRUE(contains(partly.metadata.xmp, "xmp:Rating=\"3\""));
  EXPECT_FALSE(contains(partly.metadata.xmp, "HasExtendedXMP"));
}

TEST(Metadata, iptc_above_the_size_of_a_marker_goes_through_jpeg) {
  Image image = make_picture(16, 12, 3);
  for (int i = 0; i < 40; ++i) {
    image.metadata.iptc.insert(image.metadata.iptc.end(), {0x1c, 2, 25, 0x7f, 0x00});
    image.metadata.iptc.resize(image.metadata.iptc.size() + 0x7f00, uint8_t('a' + i % 26));
  }
  EXPECT_EQ(reload(image, "jpeg").metadata.iptc, image.metadata.iptc);
}

TEST(Metadata, of_several_pages_is_that_of_the_first) {
  std::vector<Image> pages = {picture_with(make_exif(1)), make_picture(9, 7, 1), make_picture(5, 5, 3, 16)};
  pages[0].metadata.xmp = large_xmp(10);
  const std::vector<uint8_t> file = encode_pages(pages, image_format("tiff"));
  const Image first = decode_image(file);
  ASSERT_EQ(first.source.pages, 3);
  EXPECT_EQ(exif_text(first.metadata.exif, "Exif.Image.Make"), "daclip");
  EXPECT_EQ(exif_text(first.metadata.exif, "Exif.Photo.ExposureTime"), "1/250");
  EXPECT_TRUE(contains(first.metadata.xmp, "Rating"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(max_difference(decode_image(file, "page", {.page = i}), pages[size_t(i)]), 0) << i;
}

TEST(Metadata, iptc_is_found_in_every_wrapping) {
  const std::vector<uint8_t> iptc = {0x1c, 2, 25, 0, 3, 'c', 'a', 't', 0x1c, 2, 25, 0, 3, 'd', 'o', 'g'};
  std::vector<uint8_t> padded = iptc, swapped = iptc;
  padded.resize(24);
  for (size_t i = 0; i < swapped.size(); i += 4) std::reverse(swapped.begin() + long(i), swapped.begin() + long(i + 4));
  EXPECT_EQ(iptc_records(padded), iptc);
  EXPECT_EQ(iptc_records(swapped), iptc);
  std::vector<uint8_t> resources = {'8', 'B', 'I', 'M', 4, 0x0c, 3, 'o', 'l', 'd', 0, 0, 0, 3, 1, 2, 3, 0};
  const std::vector<uint8_t> wrapped = photoshop_of_iptc(iptc);
  resources.insert(resources.end(), wrapped.begin(), wrapped.end());
  EXPECT_EQ(iptc_of_photoshop(resources), iptc);
  for (size_t n = 0; n < resources.size(); ++n)
    EXPECT_TRUE(iptc_of_photoshop(std::span(resources).first(n)).size() <= iptc.size());
}

TEST(Metadata, a_damaged_directory_costs_no_tiff) {
  Image image = picture_with(make_exif(1));
  image.metadata.exif[9] = 0x7f;  // the directory claims 32,515 entries
  const Image back = reload(image, "tiff");
  EXPECT_EQ(back.data, image.data);
  EXPECT_EQ(exif_text(back.metadata.exif, "Exif.Image.Make"), "daclip");
}

TEST(Metadata, an_odd_orientation_tag_harms_nothing_else) {
  constexpr size_t kEntry = 22;  // of the orientation in make_exif
  std::vector<uint8_t> several = make_exif(6), directory = make_exif(6);
  several[kEntry + 4] = 3;  // three values, which lie at offset 6: in the header
  EXPECT_EQ(take_orientation(several), 1);
  EXPECT_TRUE(TiffTags(several).valid());
  EXPECT_EQ(exif_text(several, "Exif.Image.Make"), "daclip");
  directory[kEntry + 2] = 13;  // the type of an offset
  EXPECT_EQ(take_orientation(directory), 6);
  EXPECT_EQ(take_orientation(directory), 1) << "turned twice";
}

}  // namespace
}  // namespace daclip
