#include "data/dataset_builder.h"

#include <map>

#include "core/error.h"
#include "core/files.h"
#include "core/labels.h"
#include "data/tables.h"
#include "data/test_set.h"
#include "folder_fixture.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

class DatasetBuilder : public test::FolderTest {
 protected:
  DatasetBuilder() {
    picture("clean/a.png", 40, 30, 1);
    picture("clean/my photos/b.jpg", 33, 47, 2);
    picture("clean/c.webp", 24, 24, 3);
  }
  BuildOptions options(std::vector<std::string> kinds = {"noisy", "hazy:beta=1+rainy"}) const {
    BuildOptions options;
    options.clean = {folder_ / "clean"};
    for (const std::string& kind : kinds) options.chains.push_back(parse_chain(kind));
    return options;
  }
  // Every file's bytes, by path.
  std::map<std::string, std::vector<uint8_t>> contents(const std::string& root) const {
    std::map<std::string, std::vector<uint8_t>> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / root))
      if (entry.is_regular_file())
        files[entry.path().lexically_relative(folder_ / root).string()] = read_file(entry.path());
    return files;
  }
};

TEST_F(DatasetBuilder, writes_the_published_layout_with_labels) {
  const BuildSummary summary = build_dataset(options(), folder_ / "out");
  EXPECT_EQ(summary.photos, 3u);
  EXPECT_EQ(summary.written, 6u);
  EXPECT_TRUE(summary.failed.empty());
  const std::vector<TestSet> sets = read_test_sets(folder_ / "out");
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].name, "hazy+rainy");
  EXPECT_EQ(sets[0].labels, (std::vector<int>{label_index("hazy"), label_index("rainy")}));
  for (const TestSet& set : sets) {
    EXPECT_TRUE(set.problems.empty());
    ASSERT_EQ(set.images.size(), 3u);
    EXPECT_EQ(set.images[2].name, "my photos_b");
    for (size_t i = 0; i < 3; ++i) {
      const TestPair pair = load_pair(set, i);
      EXPECT_NE(pair.lq.data, pair.gt->data);
    }
  }
  EXPECT_EQ(load_pair(sets[0], 0).gt->data, to_rgb(read_image(folder_ / "clean/a.png")).data);
  const auto labels = read_label_table(folder_ / "out/labels.tsv");
  ASSERT_EQ(labels.size(), 6u);
  EXPECT_EQ(labels[3].filepath, "hazy+rainy/LQ/a.png");
  EXPECT_EQ(labels[3].labels, sets[0].labels);
  EXPECT_FALSE(fs::exists(folder_ / "out/captions.tsv"));
}

TEST_F(DatasetBuilder, same_seed_same_bytes_whatever_the_threads) {
  BuildOptions wild = options({"snowy", "noisy+jpeg-compressed"});
  wild.wild = true;
  build_dataset(wild, folder_ / "one");
  wild.threads = 5;
  build_dataset(wild, folder_ / "five");
  EXPECT_EQ(contents("one"), contents("five"));
  EXPECT_EQ(contents("one").size(), 3u * 2u * 3u + 2u);
  wild.seed = 1;
  build_dataset(wild, folder_ / "other");
  EXPECT_NE(contents("one").at("wild/LQ/a.png"), contents("other").at("wild/LQ/a.png"));
  EXPECT_EQ(contents("one").at("wild/GT/a.png"), contents("other").at("wild/GT/a.png"));
}

TEST_F(DatasetBuilder, goes_on_where_it_was_killed) {
  build_dataset(options(), folder_ / "whole");
  build_dataset(options(), folder_ / "part");
  const auto kept = fs::last_write_time(folder_ / "part/noisy/LQ/c.png");
  fs::remove(folder_ / "part/noisy/LQ/a.png");
  fs::remove(folder_ / "part/hazy+rainy/LQ/c.png");
  fs::remove(folder_ / "part/hazy+rainy/GT/c.png");
  fs::remove(folder_ / "part/labels.tsv");
  text("part/noisy/LQ/a.png.Xy12zQ", "half of a picture");
  const BuildSummary summary = build_dataset(options(), folder_ / "part");
  EXPECT_EQ(summary.written, 2u);
  EXPECT_EQ(summary.kept, 4u);
  EXPECT_EQ(contents("part"), contents("whole"));
  EXPECT_EQ(fs::last_write_time(folder_ / "part/noisy/LQ/c.png"), kept);
}

TEST_F(DatasetBuilder, a_later_run_adds_folders_but_never_mixes_recipes) {
  build_dataset(options({"noisy:sigma=20"}), folder_ / "out");
  build_dataset(options({"snowy"}), folder_ / "out");
  EXPECT_EQ(read_label_table(folder_ / "out/labels.tsv").size(), 6u);
  EXPECT_THROW(build_dataset(options({"noisy:sigma=30"}), folder_ / "out"), UsageError);
  BuildOptions other = options({"snowy"});
  other.seed = 9;
  EXPECT_THROW(build_dataset(other, folder_ / "out"), UsageError);
  text("out/build.json", "{");
  EXPECT_THROW(build_dataset(options({"snowy"}), folder_ / "out"), FormatError);
}

TEST_F(DatasetBuilder, writes_captions_in_the_published_form) {
  text("words.tsv",
       "filepath\ttitle\nclean/a.png\ta sign: stop\nclean/a.png\ta red sign\nclean/my photos/b.jpg\ta dog\n");
  BuildOptions captioned = options({"rainy", "noisy+hazy"});
  captioned.captions = {folder_ / "words.tsv"};
  EXPECT_EQ(build_dataset(captioned, folder_ / "out").captions, 6u);
  const auto rows = read_captions(folder_ / "out/captions.tsv");
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[0].filepath, "rainy/LQ/a.png");
  EXPECT_EQ(rows[0].title, "a sign, stop: rainy");
  EXPECT_EQ(rows[5].filepath, "noisy+hazy/LQ/my photos_b.png");
  EXPECT_EQ(rows[5].title, "a dog: hazy,noisy");
}

TEST_F(DatasetBuilder, other_formats_are_read_back) {
  for (const std::string name : {"jpg", "webp", "tiff"}) {
    BuildOptions chosen = options({"noisy"});
    chosen.format = &image_format(name);
    build_dataset(chosen, folder_ / name);
    const std::filesystem::path lq = read_test_sets(folder_ / name).at(0).images.at(0).lq;
    EXPECT_EQ(lq.extension(), "." + name);
    EXPECT_EQ(detect_format(read_file(lq)), chosen.format);
  }
}

TEST_F(DatasetBuilder, names_photos_that_cannot_be_read_and_does_the_others) {
  text("clean/broken.png", "no picture");
  text("clean/notes.txt", "not looked at");
  const BuildSummary summary = build_dataset(options(), folder_ / "out");
  ASSERT_EQ(summary.failed.size(), 1u);
  EXPECT_NE(summary.failed[0].find("broken.png"), std::string::npos);
  EXPECT_EQ(summary.written, 6u);
}

TEST_F(DatasetBuilder, refuses_a_format_that_is_only_read_before_it_makes_a_folder) {
  BuildOptions chosen = options();
  chosen.format = &image_format("bmp");
  EXPECT_THROW(build_dataset(chosen, folder_ / "out"), UsageError);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST_F(DatasetBuilder, refuses_what_cannot_be_built) {
  EXPECT_THROW(build_dataset(options({}), folder_ / "out"), UsageError);
  EXPECT_THROW(build_dataset(options({"noisy:sigma=5", "noisy:sigma=6"}), folder_ / "out"), UsageError);
  picture("clean/a.jpg");
  EXPECT_THROW(build_dataset(options(), folder_ / "out"), UsageError);  // a.png and a.jpg conflict
  BuildOptions nothing = options();
  nothing.clean = {folder_ / "empty"};
  fs::create_directories(folder_ / "empty");
  EXPECT_THROW(build_dataset(nothing, folder_ / "out"), UsageError);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  text("file", "");
  fs::remove(folder_ / "clean/a.jpg");
  EXPECT_THROW(build_dataset(options(), folder_ / "file"), IoError);
}

}  // namespace
}  // namespace daclip
