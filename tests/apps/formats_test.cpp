// The table of picture formats as users see it: docs, help and --format.
#include <nlohmann/json.hpp>

#include "apps/app_fixture.h"
#include "image/formats.h"

namespace daclip::test {
namespace {

using Formats = AppTest;

TEST_F(Formats, are_listed_as_docs_formats_md_has_them) {
  const Outcome outcome = run_program({"info", "--formats"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(lines_in(outcome.out), 2 + image_formats().size());
  for (const char* optional : {"raw", "gif", "heic", "avif", "jxl", "jp2"})
    if (!image_format(optional).decode) GTEST_SKIP() << "this build reads no " << optional;
  EXPECT_NE(read_text("docs/formats.md").find("\n\n" + outcome.out + "\n"), std::string::npos)
      << "docs/formats.md should hold what daclip info --formats prints:\n"
      << outcome.out;
}

TEST_F(Formats, are_listed_as_json) {
  const Outcome outcome = run_program({"info", "--formats", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto list = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(list.size(), image_formats().size());
  EXPECT_EQ(list[0]["name"], "jpeg");
  EXPECT_EQ(list[0]["endings"], (std::vector<std::string>{".jpg", ".jpeg", ".jpe", ".jfif", ".jif"}));
  EXPECT_EQ(list[5]["title"], "BMP");
  EXPECT_EQ(list[5]["written"], false);
}

TEST_F(Formats, that_can_be_written_are_offered_by_every_verb_that_writes) {
  for (const std::vector<std::string>& verb :
       {std::vector<std::string>{"restore"}, {"degrade"}, {"dataset", "build"}}) {
    std::vector<std::string> arguments = verb;
    arguments.push_back("--help");
    const Outcome help = run_program(arguments);
    EXPECT_NE(help.out.find("{jpg,png,webp,tiff"), std::string::npos) << help.out;
    EXPECT_NE(help.out.find("Quality of JPEG, WebP"), std::string::npos) << help.out;
  }
}

TEST_F(Formats, of_folders_follow_the_option_and_name_the_outputs) {
  const std::string in = photo("in/a.jfif");
  for (const ImageFormat* format : formats_written()) {
    const std::string name(short_name(*format));
    ASSERT_EQ(run_program({"degrade", path("in"), "-o", path(name), "--kind", "noisy", "--format", name}).code, 0);
    EXPECT_EQ(names_in(folder_ / name), (std::vector<std::string>{"a." + name}));
    EXPECT_EQ(detect_format(read_file(folder_ / name / ("a." + name))), format);
  }
  expect_one_line(run_program({"degrade", in, "-o", path("o"), "--kind", "noisy", "--format", "bmp"}), 2, "--format");
}

}  // namespace
}  // namespace daclip::test
