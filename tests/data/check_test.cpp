#include "data/check.h"

#include "core/error.h"
#include "data/perceptual_hash.h"
#include "degrade/degrade.h"
#include "degrade/fields.h"
#include "folder_fixture.h"
#include "image/resize.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

// Clouds of all sizes: like photos, they have most of their contrast in the lowest frequencies.
FloatImage clouds(uint64_t seed, int width = 96, int height = 80) {
  Random random(seed);
  const FloatImage field = value_noise(width, height, 48, 5, 0.6, random);
  FloatImage rgb(width, height, 3);
  for (size_t i = 0; i < rgb.data.size(); ++i) rgb.data[i] = field.data[i / 3];
  return rgb;
}

class Check : public test::FolderTest {
 protected:
  void photo(const std::string& name, const FloatImage& rgb) {
    fs::create_directories((folder_ / name).parent_path());
    write_image(folder_ / name, from_rgb(rgb), image_format("png"));
  }
};

TEST_F(Check, a_good_data_set_has_no_problems) {
  picture("rainy/LQ/a.png", 20, 16, 1);
  picture("rainy/GT/a.png", 20, 16, 2);
  picture("hazy/LQ/b.png", 30, 24, 3);
  picture("hazy/GT/b.png", 30, 24, 4);
  const DatasetCheck check = check_dataset(folder_.path(), {});
  EXPECT_EQ(check.problem_count(), 0u);
  ASSERT_EQ(check.sets.size(), 2u);
  EXPECT_EQ(check.sets[0].name, "hazy");
  EXPECT_EQ(check.sets[0].images, 1u);
  EXPECT_EQ(check.sets[0].min_width, 30);
  EXPECT_EQ(check.sets[0].max_height, 24);
}

TEST_F(Check, names_what_is_unreadable_alone_or_of_another_size) {
  for (const char* name : {"a", "b", "c", "d"}) picture(std::string("noisy/LQ/") + name + ".png", 20, 16, 1);
  picture("noisy/GT/a.png", 20, 16, 1);
  picture("noisy/GT/b.png", 16, 20, 1);
  text("noisy/GT/c.png", "no picture");
  text("noisy/GT/notes.txt", "not looked at");
  for (int threads : {1, 3}) {
    CheckOptions options;
    options.threads = threads;
    const DatasetCheck check = check_dataset(folder_.path(), options);
    ASSERT_EQ(check.sets.size(), 1u);
    const std::vector<std::string>& problems = check.sets[0].problems;
    ASSERT_EQ(problems.size(), 3u);
    EXPECT_NE(problems[0].find("LQ/d.png: has no partner"), std::string::npos) << problems[0];
    EXPECT_NE(problems[1].find("GT/b.png: 16x20 pixels"), std::string::npos) << problems[1];
    EXPECT_NE(problems[2].find("GT/c.png"), std::string::npos) << problems[2];
    EXPECT_EQ(check.problem_count(), 3u);
  }
}

TEST_F(Check, finds_a_training_photo_in_the_test_set_smaller_and_compressed) {
  for (uint64_t seed = 1; seed <= 6; ++seed)
    for (const char* side : {"GT", "LQ"}) {
      photo(cat("train/noisy/", side, "/", seed, ".png"), clouds(seed));
      photo(cat("test/noisy/", side, "/", seed, ".png"), clouds(seed + 20));
    }
  EXPECT_EQ(check_dataset(folder_.path(), {}).problem_count(), 0u);
  const FloatImage copy = degrade(resize(clouds(3), 70, 60), DegradeSpec{"jpeg-compressed", {{"quality", 40}}}, 0);
  for (const char* side : {"GT", "LQ"}) photo(cat("test/noisy/", side, "/copy.png"), copy);
  const DatasetCheck check = check_dataset(folder_.path(), {});
  ASSERT_EQ(check.duplicates.size(), 1u);
  EXPECT_EQ(check.duplicates[0].train.filename(), "3.png");
  EXPECT_EQ(check.duplicates[0].test.filename(), "copy.png");
  EXPECT_EQ(check.train_photos, 6u);
  EXPECT_EQ(check.test_photos, 7u);
}

TEST_F(Check, compares_with_folders_of_training_photos) {
  picture("test set/noisy/GT/a.png", 96, 80, 5);
  picture("test set/noisy/LQ/a.png", 96, 80, 5);
  picture("clean/deep/x.png", 96, 80, 5);
  text("clean/broken.jpg", "no picture");
  CheckOptions options;
  options.train = {folder_ / "clean"};
  const DatasetCheck check = check_dataset(folder_ / "test set", options);
  EXPECT_EQ(check.duplicates.size(), 1u);
  ASSERT_EQ(check.problems.size(), 1u);
  EXPECT_NE(check.problems[0].find("broken.jpg"), std::string::npos);
  options.train = {folder_ / "missing"};
  EXPECT_THROW(check_dataset(folder_ / "test set", options), IoError);
  options.distance = 40;
  EXPECT_THROW(check_dataset(folder_ / "test set", options), UsageError);
}

TEST_F(Check, counts_the_photos_with_captions) {
  for (const char* name : {"a", "b", "c"}) {
    picture(std::string("rainy/LQ/") + name + ".png");
    picture(std::string("rainy/GT/") + name + ".png");
  }
  text("daclip_train.csv",
       "filepath\ttitle\nrainy/LQ/a.png\ta dog: rainy\nrainy/GT/b.png\ta cat\nrainy/LQ/z.png\tgone\n");
  const DatasetCheck check = check_dataset(folder_.path(), {});
  EXPECT_EQ(check.sets.at(0).captioned, 2u);
  EXPECT_EQ(check.caption_rows, 3u);
  ASSERT_EQ(check.problems.size(), 1u);
  EXPECT_NE(check.problems[0].find("1 rows name missing files, the first: rainy/LQ/z.png"), std::string::npos);
}

TEST(PerceptualHash, ignores_size_brightness_and_compression_and_distinguishes_photos) {
  const uint64_t hash = perceptual_hash(clouds(1)).value();
  EXPECT_LE(hash_distance(hash, perceptual_hash(resize(clouds(1), 61, 40)).value()), 4);
  FloatImage darker = clouds(1);
  for (float& v : darker.data) v *= 0.7f;
  EXPECT_LE(hash_distance(hash, perceptual_hash(darker).value()), 2);
  for (uint64_t seed = 2; seed < 12; ++seed)
    EXPECT_GT(hash_distance(hash, perceptual_hash(clouds(seed)).value()), 12) << seed;
  EXPECT_FALSE(perceptual_hash(FloatImage(40, 40, 3, 0.3f)).has_value());
  EXPECT_NO_THROW(perceptual_hash(FloatImage(1, 1, 3)));
}

}  // namespace
}  // namespace daclip
