// JPEG files of other programs: without an end marker, of any quality and subsampling.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "image/io.h"
#include "jpeg_writer.h"
#include "pictures.h"

namespace daclip {
namespace {

using Bytes = std::vector<uint8_t>;

struct JpegParts {
  int quality = 90, across = 2, down = 2;  // the first component's sampling factors
  bool progressive = false;
};

Bytes make(const JpegParts& parts) {
  const auto set = [&](jpeg_compress_struct& info) {
    test::set_sampling(info, parts.across, parts.down);
    if (parts.progressive) jpeg_simple_progression(&info);
  };
  return test::write_jpeg(70, 50, make_picture(70, 50, 3).data, {.quality = parts.quality, .set = set});
}

TEST(JpegWithoutEndMarker, is_read_where_all_pixels_are_there) {
  for (const bool progressive : {false, true}) {
    Bytes bytes = make({.progressive = progressive});
    const Image whole = decode_image(bytes);
    for (int cut = 0; cut < 2; ++cut) {
      bytes.pop_back();
      EXPECT_EQ(decode_image(bytes).data, whole.data) << progressive << cut;
    }
    bytes.pop_back();
    EXPECT_THROW(decode_image(bytes), FormatError) << progressive;
  }
}

TEST(JpegWithoutEndMarker, is_refused_where_scans_are_missing) {
  const Bytes bytes = make({.progressive = true});
  const Bytes start_of_scan = {0xff, 0xda};
  const auto last = std::find_end(bytes.begin(), bytes.end(), start_of_scan.begin(), start_of_scan.end());
  try {
    decode_image(std::span(bytes.data(), size_t(last - bytes.begin())));
    FAIL() << "was read";
  } catch (const FormatError& error) {
    EXPECT_NE(std::string(error.what()).find("ends before its last scan"), std::string::npos) << error.what();
  }
}

TEST(JpegSource, tells_quality_and_subsampling) {
  for (const int quality : {10, 50, 75, 90, 95, 100}) {
    const Image image = decode_image(make({.quality = quality}));
    EXPECT_NEAR(image.source.quality, quality, 1);
    EXPECT_EQ(image.source.subsampling, 420);
  }
  EXPECT_EQ(decode_image(make({.across = 1, .down = 1})).source.subsampling, 444);
  EXPECT_EQ(decode_image(make({.across = 2, .down = 1})).source.subsampling, 422);
  EXPECT_EQ(decode_image(make({.across = 1, .down = 2})).source.subsampling, 440);
  EXPECT_EQ(decode_image(make({.across = 4, .down = 1})).source.subsampling, 411);
}

TEST(JpegSubsampling, is_written_as_wanted) {
  const ImageFormat& jpeg = image_format("jpeg");
  for (const int subsampling : {444, 422, 420, 440, 411}) {
    const Bytes bytes = encode_image(make_picture(40, 30, 3), jpeg, {.quality = 92, .subsampling = subsampling});
    EXPECT_EQ(decode_image(bytes).source.subsampling, subsampling);
  }
  EXPECT_EQ(decode_image(encode_image(make_picture(40, 30, 3), jpeg, {.quality = 90})).source.subsampling, 444);
  EXPECT_EQ(decode_image(encode_image(make_picture(40, 30, 3), jpeg, {.quality = 89})).source.subsampling, 420);
  EXPECT_EQ(decode_image(encode_image(make_picture(40, 30, 1), jpeg, {})).source.subsampling, 0);
}

}  // namespace
}  // namespace daclip
