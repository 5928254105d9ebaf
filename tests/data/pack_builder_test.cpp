#include "data/pack_builder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "data/pack.h"
#include "image/io.h"
#include "photos.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class PackBuilder : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("daclip_builder_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "clean" / "sub");
    fs::create_directories(folder_ / "hazy" / "LQ");
    fs::create_directories(folder_ / "hazy" / "GT");
    picture("clean/a.png", 40, 30, 1);
    picture("clean/sub/b.png", 100, 50, 2);
    picture("hazy/LQ/1.png", 20, 20, 3);
    picture("hazy/GT/1.png", 20, 20, 4);
    std::ofstream(folder_ / "words.tsv") << "filepath\ttitle\nclean/a.png\tone wave\nclean/a.png\tanother\n";
  }
  void TearDown() override { fs::remove_all(folder_); }

  void picture(const std::string& name, int width, int height, uint64_t seed) {
    write_image(folder_ / name, from_rgb(to_float_image(made_pixels(width, height, seed), width, height)),
                image_format("png"));
  }

  PackOptions options() const {
    PackOptions options;
    options.clean = {folder_ / "clean"};
    options.pairs = {{folder_ / "hazy", "hazy"}};
    options.captions = {folder_ / "words.tsv"};
    return options;
  }

  fs::path folder_;
};

TEST_F(PackBuilder, packs_photos_pairs_and_captions_losslessly) {
  const PackSummary summary = pack_dataset(options(), folder_ / "out.pack");
  EXPECT_EQ(summary.photos, 4u);
  EXPECT_EQ(summary.pairs, 1u);
  EXPECT_EQ(summary.captions, 2u);
  const std::vector<PackPhoto> photos = read_pack(folder_ / "out.pack");
  ASSERT_EQ(photos.size(), 4u);
  EXPECT_EQ(photos[0].name, "a.png");
  EXPECT_EQ(photos[0].gt, made_pixels(40, 30, 1));
  EXPECT_EQ(photos[2].kind, "hazy");
  EXPECT_EQ(photos[2].lq, made_pixels(20, 20, 3));
  EXPECT_EQ(photos[3].captions.size(), 2u);
}

TEST_F(PackBuilder, takes_what_a_table_says_of_photos_and_leaves_doubtful_ones_out) {
  PackOptions labelled = options();
  std::ofstream(folder_ / "found.tsv") << "filepath\tlabels\nclean/sub/b.png\tshadowed\nelsewhere.png\trainy\n";
  labelled.labels = {folder_ / "found.tsv"};
  EXPECT_EQ(pack_dataset(labelled, folder_ / "out.pack").damaged, 1u);
  const std::vector<PackPhoto> photos = read_pack(folder_ / "out.pack");
  EXPECT_EQ(photos[0].kind, "clean");
  EXPECT_EQ(photos[1].kind, "shadowed");
  EXPECT_TRUE(photos[1].lq.empty());
  EXPECT_EQ(photos[2].kind, "hazy");
  std::ofstream(folder_ / "found.tsv") << "filepath\tlabels\nclean/sub/b.png\tclean,hazy\n";
  EXPECT_EQ(pack_dataset(labelled, folder_ / "out.pack").photos, 3u);
}

TEST_F(PackBuilder, shrinks_and_crops_and_gives_the_same_bytes_again) {
  PackOptions small = options();
  small.max_size = 50;
  small.crop = 16;
  pack_dataset(small, folder_ / "x.pack");
  pack_dataset(small, folder_ / "y.pack");
  EXPECT_EQ(read_file(folder_ / "x.pack"), read_file(folder_ / "y.pack"));
  for (const PackPhoto& photo : read_pack(folder_ / "x.pack")) {
    EXPECT_EQ(photo.width, 16);
    EXPECT_EQ(photo.height, 16);
  }
}

TEST_F(PackBuilder, skips_files_that_are_no_pictures_and_says_so) {
  std::ofstream(folder_ / "clean" / "text.jpg") << "not a picture";
  const PackSummary summary = pack_dataset(options(), folder_ / "out.pack");
  EXPECT_EQ(summary.photos, 4u);
  ASSERT_EQ(summary.skipped.size(), 1u);
  EXPECT_NE(summary.skipped[0].find("text.jpg"), std::string::npos);
}

TEST_F(PackBuilder, refuses_pairs_without_partner_unknown_labels_and_broken_tables) {
  PackOptions wrong = options();
  wrong.pairs[0].label = "foggy";
  EXPECT_THROW(pack_dataset(wrong, folder_ / "out.pack"), UsageError);
  std::ofstream(folder_ / "words.tsv") << "filepath\ttitle\none column only\n";
  EXPECT_THROW(pack_dataset(options(), folder_ / "out.pack"), FormatError);
  fs::remove(folder_ / "hazy" / "LQ" / "1.png");
  EXPECT_THROW(pack_dataset(options(), folder_ / "out.pack"), IoError);
  EXPECT_FALSE(fs::exists(folder_ / "out.pack"));
  EXPECT_THROW(pack_dataset({}, folder_ / "out.pack"), UsageError);
}

}  // namespace
}  // namespace daclip
