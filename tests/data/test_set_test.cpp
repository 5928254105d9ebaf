#include "data/test_set.h"

#include <cstdlib>
#include <set>

#include "core/error.h"
#include "core/labels.h"
#include "data/pictures.h"
#include "folder_fixture.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class TestSets : public test::FolderTest {
 protected:
  std::vector<TestSet> read_list(const std::string& content) {
    text("list.toml", content);
    return read_test_sets(folder_ / "list.toml");
  }
  template <class Exception>
  void expect_refused(const std::string& content, const std::string& words) {
    try {
      read_list(content);
      ADD_FAILURE() << content;
    } catch (const Exception& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  }
};

TEST_F(TestSets, the_published_layout_is_read_as_it_is) {
  for (const char* name : {"a", "b"})
    for (const char* side : {"LQ", "GT"}) {
      picture(std::string("rainy/") + side + "/" + name + ".png");
      picture(std::string("rainy+hazy_my street/") + side + "/" + name + (side[0] == 'L' ? ".jpg" : ".webp"));
      picture(std::string("strange/") + side + "/" + name + ".png");
    }
  text("rainy/LQ/notes.txt", "no picture");
  text("notes.txt", "neither");
  const std::vector<TestSet> sets = read_test_sets(folder_.path());
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_EQ(sets[0].name, "rainy");
  EXPECT_EQ(sets[0].labels, std::vector<int>{label_index("rainy")});
  EXPECT_EQ(sets[1].labels, (std::vector<int>{label_index("hazy"), label_index("rainy")}));
  EXPECT_TRUE(sets[2].labels.empty());
  for (const TestSet& set : sets) {
    EXPECT_TRUE(set.problems.empty()) << set.problems.front();
    ASSERT_EQ(set.images.size(), 2u);
    EXPECT_EQ(set.images[1].name, "b");
    EXPECT_TRUE(load_pair(set, 1).gt.has_value());
  }
}

TEST_F(TestSets, a_root_of_splits_gives_its_test_split_and_one_folder_itself) {
  for (const char* split : {"train", "val"}) {
    picture(std::string(split) + "/snowy/LQ/" + split + ".png");
    picture(std::string(split) + "/snowy/GT/" + split + ".png");
  }
  EXPECT_EQ(read_test_sets(folder_.path()).at(0).images.at(0).name, "val");
  EXPECT_EQ(read_test_sets(folder_ / "train").at(0).images.at(0).name, "train");
  EXPECT_EQ(read_test_sets(folder_ / "train/snowy").at(0).images.at(0).name, "train");
  EXPECT_EQ(read_test_sets(folder_ / "train/snowy").at(0).name, "snowy");
}

TEST_F(TestSets, a_missing_partner_and_a_doubled_name_are_named_and_never_paired_by_position) {
  picture("hazy/LQ/1.png");
  picture("hazy/LQ/2.png");
  picture("hazy/LQ/4.png");
  picture("hazy/GT/2.png");
  picture("hazy/GT/3.png");
  picture("hazy/GT/4.jpg");
  picture("hazy/GT/4.png");
  const TestSet set = read_test_sets(folder_.path()).at(0);
  ASSERT_EQ(set.images.size(), 2u);
  EXPECT_EQ(set.images[0].name, "2");
  EXPECT_EQ(set.images[0].gt.filename(), "2.png");
  EXPECT_EQ(set.images[1].gt.filename(), "4.jpg");
  ASSERT_EQ(set.problems.size(), 3u);
  EXPECT_NE(set.problems[0].find("GT/4.png"), std::string::npos) << set.problems[0];
  EXPECT_NE(set.problems[1].find("LQ/1.png: has no partner"), std::string::npos) << set.problems[1];
  EXPECT_NE(set.problems[2].find("GT/3.png: has no partner"), std::string::npos) << set.problems[2];
}

TEST_F(TestSets, partners_of_another_size_are_named_when_loaded) {
  picture("hazy/LQ/1.png", 20, 16);
  picture("hazy/GT/1.png", 16, 20);
  const TestSet set = read_test_sets(folder_.path()).at(0);
  try {
    load_pair(set, 0);
    FAIL();
  } catch (const FormatError& error) {
    EXPECT_NE(std::string(error.what()).find("GT/1.png: 16x20 pixels"), std::string::npos) << error.what();
  }
}

TEST_F(TestSets, folders_with_one_side_only) {
  picture("rainy/LQ/1.png");
  picture("noisy/GT/1.png");
  const std::vector<TestSet> sets = read_test_sets(folder_.path());
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_TRUE(sets[0].images.empty());
  EXPECT_EQ(sets[0].problems.size(), 1u);
  EXPECT_FALSE(load_pair(sets[1], 0).gt.has_value());
}

TEST_F(TestSets, nothing_to_evaluate_is_refused) {
  EXPECT_THROW(read_test_sets(folder_ / "missing"), IoError);
  EXPECT_THROW(read_test_sets(folder_.path()), UsageError);
}

TEST_F(TestSets, a_list_describes_pairs_recipes_masks_and_photos_without_truth) {
  for (int i = 0; i < 3; ++i) {
    const std::string name = std::string(1, char('a' + i)) + ".png";
    picture("photos of/good/" + name, 20, 16, uint64_t(i + 1));
    picture("pairs/in/" + name);
    picture("pairs/out/" + name);
  }
  picture("masks/1.png");
  picture("masks/2.png");
  const std::vector<TestSet> sets = read_list(R"(
root = "."
[[set]]
name = "pairs"
lq = "pairs/in"
gt = "pairs/out"
labels = ["rainy", "hazy"]
paper = "9 unified"
group = "real pairs"
[[set]]
name = "made"
gt = "photos of/good"
recipe = "noisy:sigma=20+jpeg-compressed"
seed = 7
limit = 2
[[set]]
name = "holes"
gt = "photos of/good"
recipe = "uncompleted"
masks = "masks"
[[set]]
name = "real"
lq = "photos of/good"
[[set]]
name = "good"
gt = "photos of/good"
labels = ["clean"]
)");
  ASSERT_EQ(sets.size(), 5u);
  for (const TestSet& set : sets) EXPECT_TRUE(set.problems.empty()) << set.name;
  EXPECT_EQ(sets[0].labels, (std::vector<int>{label_index("hazy"), label_index("rainy")}));
  EXPECT_EQ(sets[0].paper, "9 unified");
  EXPECT_EQ(sets[0].group, "real pairs");
  ASSERT_EQ(sets[1].images.size(), 2u);
  EXPECT_EQ(sets[1].labels, (std::vector<int>{label_index("jpeg-compressed"), label_index("noisy")}));
  EXPECT_EQ(sets[2].images[2].mask.filename(), "1.png");
  EXPECT_TRUE(load_pair(sets[2], 1).mask.has_value());
  EXPECT_FALSE(load_pair(sets[3], 0).gt.has_value());
  const TestPair good = load_pair(sets[4], 0);
  EXPECT_EQ(good.lq.data, good.gt->data);
}

TEST_F(TestSets, made_pictures_follow_the_seed_and_the_index_and_hold_whole_levels) {
  for (const char* name : {"a", "b", "c"}) picture(std::string("good/") + name + ".png");
  const TestSet set = read_list("[[set]]\nname = \"x\"\ngt = \"good\"\nrecipe = \"noisy\"\nseed = 5").at(0);
  const TestPair pair = load_pair(set, 2);
  EXPECT_EQ(load_pair(set, 2).lq.data, pair.lq.data);
  EXPECT_NE(load_pair(set, 1).lq.data, pair.lq.data);
  FloatImage expected = degrade(*pair.gt, DegradeSpec{"noisy", {}}, 7);
  for (float& v : expected.data) v = float(uint8_t(v * 255 + 0.5f)) * (1.f / 255);
  EXPECT_EQ(pair.lq.data, expected.data);
}

TEST_F(TestSets, a_mask_of_another_size_is_named_when_loaded) {
  picture("good/a.png", 20, 16);
  picture("masks/1.png", 16, 16);
  const TestSet set =
      read_list("[[set]]\nname = \"x\"\ngt = \"good\"\nrecipe = \"uncompleted\"\nmasks = \"masks\"").at(0);
  EXPECT_THROW(load_pair(set, 0), FormatError);
}

TEST_F(TestSets, a_folder_of_a_list_that_is_not_there_is_named_and_the_others_go_on) {
  picture("good/a.png");
  const auto sets = read_list("[[set]]\nname = \"x\"\nlq = \"gone\"\n[[set]]\nname = \"y\"\nlq = \"good\"");
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_TRUE(sets[0].images.empty());
  ASSERT_EQ(sets[0].problems.size(), 1u);
  EXPECT_NE(sets[0].problems[0].find("gone"), std::string::npos);
  EXPECT_EQ(sets[1].images.size(), 1u);
}

TEST_F(TestSets, damaged_lists_are_refused_with_file_and_line) {
  expect_refused<FormatError>("[[set]\nname = 1", "list.toml:1");
  expect_refused<FormatError>("[[set]]\nname = 5", "list.toml:2: name");
  expect_refused<FormatError>("[[set]]\nname = \"x\"\nlq = \"a\"\nseed = -1", "list.toml:4: seed");
  expect_refused<FormatError>("[[set]]\nname = \"x\"\nlq = \"a\"\nlabels = [\"foggy\"]", "list.toml:4: labels");
  expect_refused<FormatError>("[[set]]\nname = \"x\"\nlq = \"a\"\nlabels = \"hazy\"", "labels");
  expect_refused<FormatError>("set = [1]", "[[set]]");
  expect_refused<UsageError>("", "no [[set]]");
  expect_refused<UsageError>("[[set]]\nlq = \"a\"", "missing the set's name");
  expect_refused<UsageError>("[[set]]\nname = \"x\"", "expected lq, gt or both");
  expect_refused<UsageError>("[[set]]\nname = \"x\"\nlq = \"a\"\nkind = \"noisy\"", "unknown key 'kind'");
  expect_refused<UsageError>("roots = \"a\"\n[[set]]\nname = \"x\"\nlq = \"a\"", "unknown key 'roots'");
  expect_refused<UsageError>("[[set]]\nname = \"x\"\ngt = \"a\"\nrecipe = \"fuzzy\"", "fuzzy");
  expect_refused<UsageError>("[[set]]\nname = \"x\"\nlq = \"a\"\ngt = \"b\"\nrecipe = \"noisy\"",
                             "lq and recipe exclude");
  expect_refused<UsageError>("[[set]]\nname = \"x\"\nlq = \"a\"\n[[set]]\nname = \"x\"\nlq = \"a\"",
                             "duplicate set name x");
  expect_refused<FormatError>(std::string("\0\xff\xfe", 3), "list.toml:1");
}

TEST(SharedList, every_set_of_the_shared_photos_is_whole) {
  const char* environment = std::getenv("DACLIP_DATA_DIR");
  const fs::path root = environment ? environment : "../shared/data";
  if (!fs::exists(root / "test")) GTEST_SKIP() << root << " is not there";
  const std::vector<TestSet> sets = read_test_sets("configs/datasets/shared.toml", root);
  size_t images = 0;
  for (const TestSet& set : sets) {
    for (const std::string& problem : set.problems) ADD_FAILURE() << set.name << ": " << problem;
    images += set.images.size();
    EXPECT_NO_THROW(load_pair(set, set.images.size() - 1)) << set.name;
  }
  // Every photo of test/ and real/ belongs to a set.
  std::set<fs::path> used;
  for (const TestSet& set : sets)
    for (const TestImage& image : set.images) used.insert({image.lq, image.gt});
  for (const char* folder : {"test", "real"})
    for (const fs::path& path : list_pictures(root / folder, true)) EXPECT_TRUE(used.contains(path)) << path;
  EXPECT_GT(images, 1500u);
}

}  // namespace
}  // namespace daclip
