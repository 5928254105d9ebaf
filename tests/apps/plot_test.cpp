#include "apps/app_fixture.h"

namespace daclip::test {
namespace {

class Plot : public AppTest {
 protected:
  std::string log(const std::string& run, const std::string& text) {
    folder(run);
    write_text(folder_ / run / "log.jsonl", text);
    return path(run);
  }
};

constexpr const char* kLines =
    "{\"step\":10,\"loss\":3,\"lr\":0.1}\n{\"step\":20,\"loss\":2,\"lr\":0.1}\n"
    "{\"step\":20,\"validation\":{\"gain\":1.5}}\n";

TEST_F(Plot, draws_runs_as_a_picture_and_as_a_page) {
  const std::string a = log("first", kLines), b = log("second", kLines);
  const Outcome svg = run_program({"plot", a, b + "/log.jsonl", "-o", path("curves.svg"), "--title", "A & B"});
  EXPECT_EQ(svg.code, 0) << svg.err;
  EXPECT_EQ(svg.err, "");
  const std::string picture = read_text(folder_ / "curves.svg");
  EXPECT_TRUE(picture.starts_with("<?xml")) << picture.substr(0, 60);
  for (const char* words : {"A &amp; B", ">first<", ">second<", "Training loss", "Validation gain"})
    EXPECT_NE(picture.find(words), std::string::npos) << words;
  EXPECT_EQ(run_program({"plot", a, "-o", path("curves.html"), "--names", "mine", "--show", "gain"}).code, 0);
  const std::string page = read_text(folder_ / "curves.html");
  EXPECT_NE(page.find("<td>mine</td>"), std::string::npos);
  EXPECT_EQ(page.find("Training loss"), std::string::npos);
}

TEST_F(Plot, damaged_lines_are_named_and_the_rest_is_drawn) {
  const std::string a = log("run", std::string(kLines) + "{\"step\":30,\"lo");
  expect_one_line(run_program({"plot", a, "-o", path("c.svg")}), 0, "log.jsonl: line 4: not JSON");
  EXPECT_TRUE(std::filesystem::exists(path("c.svg")));
}

TEST_F(Plot, a_bad_file_is_named_and_the_others_are_drawn) {
  const std::string a = log("run", kLines), bad = log("bad", "hello\n");
  expect_one_line(run_program({"plot", bad, a, "-o", path("c.svg")}), 1, "bad/log.jsonl: not a training log");
  EXPECT_TRUE(std::filesystem::exists(path("c.svg")));
  expect_one_line(run_program({"plot", path("nowhere.jsonl"), "-o", path("d.svg")}), 1, "nowhere.jsonl");
  EXPECT_FALSE(std::filesystem::exists(path("d.svg")));
}

TEST_F(Plot, wrong_usage_is_one_line) {
  const std::string a = log("run", kLines);
  expect_one_line(run_program({"plot", a, "-o", path("c.png")}), 2, ".svg or .html");
  expect_one_line(run_program({"plot", a, "-o", path("c.svg"), "--show", "psnr"}), 2, "no log has \"psnr\"");
  expect_one_line(run_program({"plot", a, "-o", path("c.svg"), "--names", "x,y"}), 2, "--names");
  expect_one_line(run_program({"plot", a, "-o", path("no/folder/c.svg")}), 2, "no/folder");
  expect_one_line(run_program({"plot", a, "-o", path("c.svg"), "--smooth", "1"}), 2, "--smooth");
}

}  // namespace
}  // namespace daclip::test
