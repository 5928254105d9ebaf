// dataset check and build, chains of degrade, and that test sets show what degrade writes.
#include <csignal>
#include <thread>

#include <nlohmann/json.hpp>

#include "apps/app_fixture.h"
#include "core/labels.h"
#include "data/tables.h"
#include "data/test_set.h"

namespace daclip::test {
namespace {

namespace fs = std::filesystem;

class Dataset : public AppTest {
 protected:
  // A photo of two folders, as a pair.
  void pair(const std::string& folder, const std::string& name, int width = 48, int height = 40) {
    photo(folder + "/LQ/" + name, width, height, 1);
    photo(folder + "/GT/" + name, width, height, 2);
  }
  void good_photos(int count, int width = 48, int height = 40) {
    for (int i = 0; i < count; ++i)
      photo("good photos/" + std::to_string(i) + (i % 2 ? ".png" : ".webp"), width, height, uint64_t(i + 1));
  }
};

TEST_F(Dataset, degrade_takes_chains_in_both_spellings_and_writes_their_labels) {
  good_photos(2);
  ASSERT_EQ(run_program({"degrade", path("good photos"), "-o", path("a"), "--kind", "noisy:sigma=10+hazy", "--labels",
                         path("truth.tsv")})
                .code,
            0);
  ASSERT_EQ(
      run_program({"degrade", "--kind", "noisy:sigma=10", "--kind", "hazy", path("good photos"), "-o", path("b")}).code,
      0);
  for (const char* name : {"0.png", "1.png"})
    EXPECT_EQ(read_text(folder_ / "a" / name), read_text(folder_ / "b" / name));
  const auto rows = read_label_table(folder_ / "truth.tsv");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].filepath, "a/0.png");
  EXPECT_EQ(rows[0].labels, (std::vector<int>{label_index("hazy"), label_index("noisy")}));
  expect_one_line(run_program({"degrade", path("good photos"), "-o", path("c"), "--kind", "noisy+foggy"}), 2, "foggy");
  expect_one_line(
      run_program({"degrade", path("good photos/0.webp"), "-o", "-", "--kind", "noisy", "--labels", path("t.tsv")}), 2,
      "--labels");
}

TEST_F(Dataset, test_sets_show_exactly_what_degrade_writes) {
  good_photos(4);
  write_text(folder_ / "good photos" / "notes.txt", "no picture");
  for (const char* kind : {"noisy", "rainy", "low-light", "uncompleted", "hazy:beta=0.7+rainy+jpeg-compressed"}) {
    ASSERT_EQ(run_program({"degrade", path("good photos"), "-o", path("lq"), "--kind", kind, "--seed", "0"}).code, 0);
    write_text(folder_ / "list.toml",
               cat("[[set]]\nname = \"x\"\ngt = \"good photos\"\nseed = 0\nrecipe = \"", kind, "\"\n"));
    const TestSet set = read_test_sets(folder_ / "list.toml").at(0);
    ASSERT_EQ(set.images.size(), 4u);
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(load_pair(set, i).lq.data, to_rgb(read_image(folder_ / "lq" / (set.images[i].name + ".png"))).data)
          << kind << " " << i;
  }
}

TEST_F(Dataset, check_tells_by_its_exit_code_and_in_json) {
  pair("my data/rainy", "a b.png");
  EXPECT_EQ(run_program({"dataset", "check", path("my data")}).code, 0);
  write_text(folder_ / "my data/rainy/GT/c.png", "no picture");
  write_text(folder_ / "my data/rainy/LQ/notes.txt", "neither");
  const Outcome outcome = run_program({"dataset", "check", path("my data")});
  expect_one_line(outcome, 1, "GT/c.png: has no partner");
  EXPECT_NE(outcome.out.find("48x40"), std::string::npos) << outcome.out;
  photo("my data/rainy/LQ/c.png");
  const Outcome json = run_program({"dataset", "check", path("my data"), "--json"});
  EXPECT_EQ(json.code, 1);
  const auto report = nlohmann::json::parse(json.out);
  EXPECT_EQ(report["sets"][0]["name"], "rainy");
  EXPECT_EQ(report["sets"][0]["images"], 2);
  EXPECT_EQ(report["sets"][0]["problems"].size(), 1u);
}

TEST_F(Dataset, check_refuses_lists_and_folders_that_make_no_sense) {
  expect_one_line(run_program({"dataset", "check", path("missing")}), 2, "missing");
  expect_one_line(run_program({"dataset", "check", folder("empty")}), 2, "empty");
  write_text(folder_ / "bad.toml", "[[set]]\nname = \"x\"\nlq = 7\n");
  expect_one_line(run_program({"dataset", "check", path("bad.toml")}), 2, "bad.toml:3: lq");
  write_text(folder_ / "bad.toml", "[[set]\n");
  expect_one_line(run_program({"dataset", "check", path("bad.toml")}), 2, "bad.toml:1");
}

TEST_F(Dataset, check_finds_training_photos_among_test_photos) {
  pair("data/train/noisy", "a.png");
  pair("data/test/noisy", "x.png", 160, 30);
  EXPECT_EQ(run_program({"dataset", "check", path("data")}).code, 0);
  pair("data/test/noisy", "y.png");
  const Outcome outcome = run_program({"dataset", "check", path("data")});
  expect_one_line(outcome, 1, "shows what");
  EXPECT_NE(outcome.err.find("y.png"), std::string::npos) << outcome.err;
}

TEST_F(Dataset, build_makes_what_check_accepts) {
  good_photos(2);
  write_text(folder_ / "words.tsv", "filepath\ttitle\ngood photos/0.webp\ta house\n");
  const Outcome built = run_program({"dataset", "build", path("good photos"), "-o", path("out"), "--mixed",
                                     "rainy+hazy", "--captions", path("words.tsv"), "--threads", "2"});
  EXPECT_EQ(built.code, 0) << built.err;
  EXPECT_NE(built.err.find("22 pairs written"), std::string::npos) << built.err;
  const std::string captions = read_text(folder_ / "out/captions.tsv");
  EXPECT_NE(captions.find("rainy+hazy/LQ/0.png\ta house: hazy,rainy\n"), std::string::npos) << captions;
  const Outcome checked = run_program({"dataset", "check", path("out"), "--json"});
  EXPECT_EQ(checked.code, 0) << checked.err;
  EXPECT_EQ(nlohmann::json::parse(checked.out)["sets"].size(), 11u);
  write_text(folder_ / "good photos/bad.png", "no picture");
  const Outcome again = run_program({"dataset", "build", path("good photos"), "-o", path("out"), "--wild"});
  EXPECT_EQ(again.code, 1);
  EXPECT_NE(again.err.find("bad.png"), std::string::npos) << again.err;
  EXPECT_NE(again.err.find("2 pairs written"), std::string::npos) << again.err;
  expect_one_line(run_program({"dataset", "build", path("good photos"), "-o", path("out"), "--seed", "3"}), 2, "seed");
}

TEST_F(Dataset, build_that_was_killed_goes_on_to_the_same_bytes) {
  good_photos(8, 200, 160);
  const std::vector<std::string> build = {"dataset", "build",  path("good photos"), "-o",        "", "--kind",
                                          "snowy",   "--kind", "raindrop",          "--threads", "2"};
  const auto arguments = [&](const std::string& out) {
    std::vector<std::string> words = build;
    words[4] = path(out);
    return words;
  };
  std::vector<std::string> words = arguments("killed");
  words.insert(words.begin(), DACLIP_PROGRAM);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  ASSERT_EQ(::posix_spawn(&child, DACLIP_PROGRAM, nullptr, nullptr, argv.data(), environ), 0);
  const fs::path done = folder_ / "killed/snowy/LQ/1.png";
  for (int i = 0; i < 2000 && !fs::exists(done); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::exists(done));
  EXPECT_FALSE(fs::exists(folder_ / "killed/labels.tsv")) << "it ended before it was killed";
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "killed"))
    if (entry.is_regular_file() && format_of_name(entry.path())) {
      EXPECT_NO_THROW(read_image(entry.path()));
    }
  ASSERT_EQ(run_program(arguments("killed")).code, 0);
  ASSERT_EQ(run_program(arguments("whole")).code, 0);
  ASSERT_EQ(names_in(folder_ / "killed"), names_in(folder_ / "whole"));
  for (const std::string& name : names_in(folder_ / "whole"))
    if (fs::is_regular_file(folder_ / "whole" / name)) {
      EXPECT_EQ(read_text(folder_ / "killed" / name), read_text(folder_ / "whole" / name)) << name;
    }
}

}  // namespace
}  // namespace daclip::test
