// dataset caption, with a small random captioner.
#include "apps/app_fixture.h"
#include "data/tables.h"
#include "import/published.h"
#include "nets/blip.h"

namespace daclip::test {
namespace {

constexpr const char* kPieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\npicture\nof\nhorse\n##s\n.\n";

class Caption : public AppTest {
 protected:
  Caption() {
    BlipConfig config{.image_size = 16,
                      .patch = 8,
                      .vision_width = 8,
                      .vision_layers = 1,
                      .vision_heads = 1,
                      .vocab = 12,
                      .positions = 40,
                      .width = 8,
                      .layers = 1,
                      .heads = 1,
                      .hidden = 16};
    write_safetensors(folder_ / "blip.safetensors", random_checkpoint(blip_weights(config), 3));
    write_text(folder_ / "vocab.txt", kPieces);
  }

  // With the small captioner, unless the arguments name something else.
  Outcome caption(std::vector<std::string> arguments) {
    const std::pair<std::string, std::string> defaults[] = {
        {"--blip", path("blip.safetensors")}, {"--vocab", path("vocab.txt")}, {"--max-tokens", "6"}};
    for (const auto& [option, value] : defaults)
      if (std::find(arguments.begin(), arguments.end(), option) == arguments.end())
        arguments.insert(arguments.end(), {option, value});
    arguments.insert(arguments.begin(), {"dataset", "caption"});
    return run_program(arguments);
  }
};

TEST_F(Caption, every_photo_gets_a_row_that_the_other_commands_read) {
  photo("photos/a.png", 48, 40, 1);
  photo("photos/b.jpg", 30, 70, 2);
  const Outcome outcome = caption({path("photos"), "-o", path("captions.tsv")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<CaptionRow> rows = read_captions(folder_ / "captions.tsv");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].filepath, "photos/a.png");
  EXPECT_EQ(rows[1].filepath, "photos/b.jpg");
  EXPECT_FALSE(rows[0].title.empty());
  const Outcome pack = run_program(
      {"dataset", "pack", "--clean", path("photos"), "--captions", path("captions.tsv"), "-o", path("photos.pack")});
  EXPECT_NE(pack.err.find("2 captions"), std::string::npos) << pack.err;
}

TEST_F(Caption, a_second_run_adds_only_what_is_missing) {
  photo("photos/a.png");
  ASSERT_EQ(caption({path("photos"), "-o", path("captions.tsv")}).code, 0);
  write_captions(folder_ / "captions.tsv", {{"photos/a.png", "written by hand"}});
  photo("photos/b.png", 40, 40, 5);
  const Outcome outcome = caption({path("photos"), "-o", path("captions.tsv")});
  EXPECT_NE(outcome.err.find("1 captions made, 1 were there"), std::string::npos) << outcome.err;
  const std::vector<CaptionRow> rows = read_captions(folder_ / "captions.tsv");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].title, "written by hand");
}

TEST_F(Caption, a_broken_photo_costs_only_its_own_row) {
  photo("photos/a.png");
  write_text(folder_ / "photos" / "b.png", "no picture");
  const Outcome outcome = caption({path("photos"), "-o", path("captions.tsv")});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_NE(outcome.err.find("b.png"), std::string::npos) << outcome.err;
  EXPECT_EQ(read_captions(folder_ / "captions.tsv").size(), 1u);
}

TEST_F(Caption, the_wrong_files_are_named) {
  const std::string in = photo("a.png"), out = path("c.tsv");
  expect_one_line(caption({in, "-o", out, "--blip", path("tiny.safetensors")}), 2, "no captioner of BLIP");
  write_text(folder_ / "short.txt", "[UNK]\n[SEP]\na\n");
  expect_one_line(caption({in, "-o", out, "--vocab", path("short.txt")}), 2, "3 pieces");
  expect_one_line(caption({in, "-o", out, "--max-tokens", "100"}), 2, "40 at most");
}

}  // namespace
}  // namespace daclip::test
