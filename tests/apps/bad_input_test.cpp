// What a user may give by mistake: one clear line, the documented exit code, nothing half-written.
#include <limits>

#include "apps/app_fixture.h"

namespace daclip::test {
namespace {

using BadInput = AppTest;

TEST_F(BadInput, a_text_file_named_jpg) {
  write_text(folder_ / "a.jpg", "This is no picture.\n");
  expect_one_line(restore({path("a.jpg"), "-o", path("out")}), 1, "a.jpg");
  EXPECT_TRUE(names_in(folder_ / "out").empty());
}

TEST_F(BadInput, an_empty_file_in_every_format) {
  for (const char* name : {"a.jpg", "a.png", "a.webp", "a.tiff", "a.bmp"}) {
    write_text(folder_ / name, "");
    expect_one_line(restore({path(name), "-o", path("out")}), 1, name);
  }
  EXPECT_TRUE(names_in(folder_ / "out").empty());
}

TEST_F(BadInput, a_truncated_file_in_every_format) {
  for (const char* name : {"a.jpg", "a.png", "a.webp", "a.tiff"}) {
    const std::string bytes = read_text(photo(name, 200, 200));
    write_text(folder_ / name, bytes.substr(0, bytes.size() / 2));
    expect_one_line(restore({path(name), "-o", path("out")}), 1, name);
  }
  EXPECT_TRUE(names_in(folder_ / "out").empty());
}

TEST_F(BadInput, a_single_pixel_is_restored) {
  EXPECT_EQ(restore({photo("a.png", 1, 1), "-o", path("out.png")}).code, 0);
  EXPECT_EQ(read_image(folder_ / "out.png").width, 1);
}

TEST_F(BadInput, a_header_of_20000_pixels_square_without_any) {
  // PNG signature and IHDR (20000 x 20000, 8 bit, RGB) with its checksum, and nothing behind.
  std::string bytes("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x4e\x20\0\0\x4e\x20\x08\x02\0\0\0", 29);
  uint32_t crc = 0xffffffffu;
  for (size_t i = 12; i < bytes.size(); ++i) {
    crc ^= uint8_t(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  for (int shift = 24; shift >= 0; shift -= 8) bytes += char(~crc >> shift & 255);
  write_text(folder_ / "huge.png", bytes);
  expect_one_line(restore({path("huge.png"), "-o", path("out")}), 1, "huge.png");
}

TEST_F(BadInput, the_good_inputs_of_a_folder_are_done) {
  photo("in/a.png");
  write_text(folder_ / "in/b.png", "no picture");
  photo("in/c.png");
  const Outcome outcome = restore({path("in"), "-o", path("out")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("b.png"), std::string::npos);
  EXPECT_NE(outcome.err.find("2 restored, 1 failed"), std::string::npos) << outcome.err;
  EXPECT_EQ(names_in(folder_ / "out"), (std::vector<std::string>{"a.png", "c.png"}));
}

TEST_F(BadInput, a_missing_file) { expect_one_line(restore({path("none.png"), "-o", path("out")}), 1, "none.png"); }

TEST_F(BadInput, a_folder_without_pictures) {
  expect_one_line(restore({folder("empty"), "-o", path("out")}), 1, "no pictures");
}

TEST_F(BadInput, an_output_folder_that_cannot_be_made) {
  write_text(folder_ / "file", "a file");
  expect_one_line(restore({photo("a.png"), "-o", path("file/out")}), 2, "file/out");
  expect_one_line(restore({path("a.png"), "-o", path("file")}), 2, "file");
  expect_one_line(restore({path("a.png"), "-o", path("file/out.png")}), 2, "file");
}

TEST_F(BadInput, a_full_disk_behind_standard_output) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const Outcome outcome =
      run_program({"restore", "--model", path("tiny.safetensors"), photo("a.png"), "-o", "-"}, "", "/dev/full");
  expect_one_line(outcome, 1, "standard output");
}

TEST_F(BadInput, a_missing_model) {
  const std::string in = photo("a.png");
  expect_one_line(run_program({"restore", in, "-o", path("out.png"), "--model", path("none.safetensors")}), 2,
                  "none.safetensors");
  expect_one_line(run_program({"restore", in, "-o", path("out.png"), "--model", "none"}), 2, "model none");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.png"));
}

TEST_F(BadInput, a_truncated_model) {
  const std::string bytes = read_text(folder_ / "tiny.safetensors"), in = photo("a.png");
  for (const size_t size : {size_t(0), size_t(4), size_t(200), bytes.size() / 2, bytes.size() - 1}) {
    write_text(folder_ / "cut.safetensors", bytes.substr(0, size));
    expect_one_line(run_program({"restore", in, "-o", path("out.png"), "--model", path("cut.safetensors")}), 2,
                    "cut.safetensors");
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.png"));
}

TEST_F(BadInput, a_picture_as_model) {
  expect_one_line(run_program({"restore", photo("a.png"), "-o", path("out.png"), "--model", path("a.png")}), 2,
                  "a.png");
}

TEST_F(BadInput, nan_in_a_model) {
  NamedArrays model = tiny_model();
  NamedArray& tensor = model.arrays["restorer.intro.weight"];
  std::vector<float> values = tensor.to_floats();
  values[1] = std::numeric_limits<float>::quiet_NaN();
  tensor = make_array(values, tensor.shape, ArrayType::f16);
  write_safetensors(folder_ / "nan.safetensors", model);
  const std::string in = photo("a.png");
  for (const char* verb : {"restore", "classify"}) {
    std::vector<std::string> arguments = {verb, in, "--model", path("nan.safetensors")};
    if (std::string(verb) == "restore") arguments.insert(arguments.end(), {"-o", path("out.png")});
    expect_one_line(run_program(arguments), 2, "restorer.intro.weight");
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.png"));
}

TEST_F(BadInput, an_unknown_label) {
  const Outcome outcome = run_program({"restore", photo("a.png"), "-o", path("out.png"), "--model",
                                       path("tiny.safetensors"), "--degradation", "fuzzy"});
  expect_one_line(outcome, 2, "motion-blurry");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.png"));
}

TEST_F(BadInput, a_mask_that_is_no_picture) {
  write_text(folder_ / "mask.png", "no picture");
  expect_one_line(restore({photo("a.png"), "-o", path("out.png"), "--mask", path("mask.png")}), 2, "mask.png");
}

TEST_F(BadInput, wrong_options) {
  const std::string in = photo("a.png");
  for (const std::vector<std::string>& extra : std::vector<std::vector<std::string>>{{"--strength", "2"},
                                                                                     {"--tile", "3"},
                                                                                     {"--quality", "0"},
                                                                                     {"--format", "gif"},
                                                                                     {"--precision", "int3"},
                                                                                     {"--threads", "-1"},
                                                                                     {"--unknown"}}) {
    std::vector<std::string> arguments = {in, "-o", path("out.png")};
    arguments.insert(arguments.end(), extra.begin(), extra.end());
    expect_one_line(restore(arguments), 2, "");
  }
  expect_one_line(run_program({"restore", in}), 2, "--out");
  expect_one_line(run_program({"restore", "-o", path("out.png")}), 2, "IN");
  expect_one_line(run_program({}), 2, "");
  expect_one_line(run_program({"repair"}), 2, "");
  expect_one_line(restore({"-", "-", "-o", path("out")}), 2, "once");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.png"));
}

}  // namespace
}  // namespace daclip::test
