#include "data/pack.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "photos.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class Pack : public testing::Test {
 protected:
  void SetUp() override {
    const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    path_ = fs::path(testing::TempDir()) / ("daclip_" + test + ".pack");
    fs::remove(path_);
  }
  void TearDown() override { fs::remove(path_); }

  std::vector<uint8_t> written() {
    PackWriter writer(path_);
    PackPhoto first = made_photo("a/first.png", 21, 13, 1);
    first.captions = {"a wave", "une vague, \"bleue\""};
    writer.add(first);
    PackPhoto second = made_photo("second", 8, 30, 2);
    second.kind = "hazy";
    second.lq = made_pixels(8, 30, 3);
    writer.add(second);
    writer.finish();
    return read_file(path_);
  }

  fs::path path_;
};

TEST_F(Pack, returns_what_was_added) {
  written();
  for (int threads : {1, 3}) {
    const std::vector<PackPhoto> photos = read_pack(path_, threads);
    ASSERT_EQ(photos.size(), 2u);
    EXPECT_EQ(photos[0].name, "a/first.png");
    EXPECT_EQ(photos[0].kind, "clean");
    EXPECT_EQ(photos[0].captions, (std::vector<std::string>{"a wave", "une vague, \"bleue\""}));
    EXPECT_EQ(photos[0].gt, made_pixels(21, 13, 1));
    EXPECT_TRUE(photos[0].lq.empty());
    EXPECT_EQ(photos[1].kind, "hazy");
    EXPECT_EQ(photos[1].lq, made_pixels(8, 30, 3));
  }
}

TEST_F(Pack, appears_only_when_finished) {
  const fs::path folder = path_.string() + ".folder";
  fs::create_directory(folder);
  {
    PackWriter writer(folder / "x.pack");
    writer.add(made_photo("x", 4, 4, 1));
    EXPECT_FALSE(fs::exists(folder / "x.pack"));
    EXPECT_FALSE(fs::is_empty(folder));
  }
  EXPECT_TRUE(fs::is_empty(folder));
  fs::remove(folder);
}

TEST_F(Pack, refuses_unknown_kinds_and_wrong_sizes) {
  PackWriter writer(path_);
  PackPhoto photo = made_photo("x", 4, 4, 1);
  photo.kind = "foggy";
  EXPECT_THROW(writer.add(photo), UsageError);
  photo = made_photo("x", 4, 4, 1);
  photo.width = 5;
  EXPECT_THROW(writer.add(photo), ShapeError);
}

TEST_F(Pack, refuses_bytes_that_are_no_pack_and_truncated_ones) {
  std::vector<uint8_t> bytes = written();
  EXPECT_THROW(parse_pack({}, "empty"), FormatError);
  EXPECT_THROW(parse_pack({bytes.data(), bytes.size() - 1}, "cut"), FormatError);
  EXPECT_THROW(parse_pack({bytes.data(), 20}, "cut"), FormatError);
  bytes[0] = 'X';
  EXPECT_THROW(parse_pack(bytes, "other"), FormatError);
  EXPECT_THROW(read_pack("no/such.pack"), IoError);
}

TEST(PackPixels, survive_the_way_through_floats) {
  const std::vector<uint8_t> pixels = made_pixels(10, 10, 4);
  EXPECT_EQ(to_bytes(to_float_image(pixels, 10, 10)), pixels);
}

}  // namespace
}  // namespace daclip
