#include "apps/app_fixture.h"
#include "image/mpo_writer.h"
#include "image/profiles.h"

namespace daclip::test {
namespace {

using Restore = AppTest;

TEST_F(Restore, one_photo_becomes_the_named_file) {
  const Outcome outcome = restore({photo("in.png"), "-o", path("out.png")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Image image = read_image(folder_ / "out.png");
  EXPECT_EQ(image.width, 48);
  EXPECT_EQ(image.height, 40);
  EXPECT_NE(image.data, read_image(folder_ / "in.png").data);
}

TEST_F(Restore, the_ending_or_the_option_decides_the_format) {
  const std::string in = photo("in.png");
  for (const auto& [name, format] :
       {std::pair{"a.jpg", "jpeg"}, {"a.webp", "webp"}, {"a.tif", "tiff"}, {"a.JFIF", "jpeg"}}) {
    EXPECT_EQ(restore({in, "-o", path(name)}).code, 0);
    EXPECT_EQ(detect_format(read_file(folder_ / name)), &image_format(format));
  }
  EXPECT_EQ(restore({in, "-o", path("out"), "--format", "jpg", "--quality", "50"}).code, 0);
  EXPECT_EQ(detect_format(read_file(folder_ / "out/in.jpg")), &image_format("jpeg"));
  expect_one_line(restore({in, "-o", path("b.png"), "--format", "jpg"}), 2, "--format jpg");
  expect_one_line(restore({in, "-o", path("b.bmp")}), 2, "BMP");
}

TEST_F(Restore, a_folder_takes_pictures_only_and_keeps_sub_folders_when_told) {
  photo("in/a.png");
  photo("in/sub/b.jpg");
  write_text(folder_ / "in/notes.txt", "not a picture");
  EXPECT_EQ(restore({path("in"), "-o", path("flat")}).code, 0);
  EXPECT_EQ(names_in(folder_ / "flat"), (std::vector<std::string>{"a.png"}));
  EXPECT_EQ(restore({path("in"), "-r", "-o", path("deep")}).code, 0);
  EXPECT_EQ(names_in(folder_ / "deep"), (std::vector<std::string>{"a.png", "sub", "sub/b.jpg"}));
}

TEST_F(Restore, each_photo_of_a_folder_keeps_its_format_and_ending) {
  photo("in/a.jpg");
  photo("in/a.png");
  photo("in/b.JPE");
  photo("in/c.webp");
  ASSERT_EQ(restore({path("in"), "-o", path("out")}).code, 0);
  EXPECT_EQ(names_in(folder_ / "out"), (std::vector<std::string>{"a.jpg", "a.png", "b.JPE", "c.webp"}));
  // A JPEG that is called otherwise becomes one by name too; what is only read, PNG.
  const std::vector<uint8_t> jpeg = read_file(folder_ / "in/a.jpg");
  folder("other");
  write_file_atomically(folder_ / "other/d.HEIC", jpeg);
  ASSERT_EQ(restore({path("other"), "-o", path("out2")}).code, 0);
  EXPECT_EQ(names_in(folder_ / "out2"), (std::vector<std::string>{"d.jpg"}));
  const std::vector<uint8_t> bmp = {'B', 'M', 58, 0, 0, 0, 0, 0, 0,  0, 54, 0, 0, 0, 40, 0,  0,   0, 1, 0,
                                    0,   0,   1,  0, 0, 0, 1, 0, 24, 0, 0,  0, 0, 0, 4,  0,  0,   0, 0, 0,
                                    0,   0,   0,  0, 0, 0, 0, 0, 0,  0, 0,  0, 0, 0, 9,  99, 200, 0};
  write_file_atomically(folder_ / "other/e.bmp", bmp);
  ASSERT_EQ(restore({path("other/e.bmp"), "-o", path("out3")}).code, 0);
  EXPECT_EQ(names_in(folder_ / "out3"), (std::vector<std::string>{"e.png"}));
}

TEST_F(Restore, a_jpeg_keeps_its_quality_and_subsampling) {
  const auto write = [&](int quality, int subsampling) {
    const EncodeOptions options = {.quality = quality, .subsampling = subsampling};
    write_image(folder_ / "in.jpg", test_photo(48, 40, 1), image_format("jpeg"), options);
    EXPECT_EQ(restore({path("in.jpg"), "-o", path("out.jpg")}).code, 0);
    return read_image(folder_ / "out.jpg").source;
  };
  EXPECT_NEAR(write(93, 420).quality, 93, 1);
  EXPECT_EQ(write(93, 420).subsampling, 420);
  EXPECT_EQ(write(80, 444).subsampling, 444);
  EXPECT_NEAR(write(20, 420).quality, 75, 1) << "what was repaired is not damaged again";
  EXPECT_EQ(restore({path("in.jpg"), "-o", path("out.jpg"), "--quality", "60"}).code, 0);
  EXPECT_NEAR(read_image(folder_ / "out.jpg").source.quality, 60, 1);
}

TEST_F(Restore, a_photo_that_is_left_as_it_is_is_copied_byte_for_byte) {
  Image black = test_photo(48, 40);
  std::ranges::fill(black.data, uint8_t(0));
  const std::string in = photo("in.jpg", black);
  const auto untouched = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"restore", in, "--model", path("tiny.safetensors")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(run_program(arguments).code, 0);
  };
  untouched({"-o", path("out.jpg")});
  EXPECT_EQ(read_text(path("out.jpg")), read_text(in));
  untouched({"-o", path("out.png")});
  EXPECT_EQ(detect_format(read_file(folder_ / "out.png")), &image_format("png"));
  untouched({"-o", path("small.jpg"), "--quality", "30"});
  EXPECT_NE(read_text(path("small.jpg")), read_text(in));
}

TEST_F(Restore, a_suffix_names_the_outputs_and_is_not_taken_as_input_again) {
  photo("in/a.png");
  for (int round = 0; round < 2; ++round)
    EXPECT_EQ(restore({path("in"), "-o", path("in"), "--suffix", "-good"}).code, 0);
  EXPECT_EQ(names_in(folder_ / "in"), (std::vector<std::string>{"a-good.png", "a.png"}));
}

TEST_F(Restore, what_a_folder_leaves_out_is_said_once) {
  photo("in/a.png");
  write_text(folder_ / "in/notes.txt", "not a picture");
  write_text(folder_ / "in/layers.psd", "8BPS and so on");
  std::filesystem::create_symlink("nowhere.jpg", folder_ / "in/link.jpg");
  const Outcome outcome = restore({path("in"), "-o", path("out")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("left out: 1 Photoshop, which this build does not read (layers.psd), 1 dangling link "
                             "(link.jpg), 1 other file\n"),
            std::string::npos)
      << outcome.err;
  std::filesystem::remove(folder_ / "in/a.png");
  EXPECT_NE(restore({path("in"), "-o", path("out")}).err.find("nothing that can be read"), std::string::npos);
}

TEST_F(Restore, a_name_of_a_format_that_is_only_read_makes_no_folder) {
  const std::string in = photo("in.png");
  for (const char* name : {"r.heic", "r.gif", "r.dng", "r.psd"}) {
    expect_one_line(restore({in, "-o", path(name)}), 2, "is not written");
    EXPECT_FALSE(std::filesystem::exists(folder_ / name));
  }
}

TEST_F(Restore, pages_are_counted_and_restored_when_all_are_wanted) {
  const std::vector<Image> pages = {test_photo(48, 40, 1), test_photo(30, 20, 2)};
  write_file_atomically(folder_ / "in.tif", encode_pages(pages, image_format("tiff")));
  const Outcome one = restore({path("in.tif"), "-o", path("one.tif")});
  EXPECT_NE(one.err.find("the first of 2 pages"), std::string::npos) << one.err;
  EXPECT_EQ(read_image(folder_ / "one.tif").source.pages, 1);
  const Outcome all = restore({path("in.tif"), "-o", path("all.tif"), "--all-pages"});
  ASSERT_EQ(all.code, 0) << all.err;
  const std::vector<uint8_t> bytes = read_file(folder_ / "all.tif");
  EXPECT_EQ(decode_image(bytes).source.pages, 2);
  EXPECT_EQ(decode_image(bytes, "second", {.page = 1}).width, 30);
  EXPECT_NE(decode_image(bytes, "second", {.page = 1}).data, pages[1].data);
  expect_one_line(restore({path("in.tif"), "-o", path("all.png"), "--all-pages"}), 1, "holds one picture");
}

TEST_F(Restore, the_views_of_an_mpo_go_into_jpeg_one_or_into_tiff_all) {
  folder("in");
  const Image left = test_photo(48, 40, 1), right = test_photo(30, 20, 2);
  write_file_atomically(folder_ / "in/a.mpo", make_mpo({{left, 0x020002}, {right, 0x020002}}));
  const Outcome one = restore({path("in"), "-o", path("one")});
  EXPECT_NE(one.err.find("the first of 2 pages"), std::string::npos) << one.err;
  EXPECT_EQ(read_image(folder_ / "one/a.jpg").width, 48);
  const Outcome all = restore({path("in"), "-o", path("all"), "--all-pages"});
  ASSERT_EQ(all.code, 0) << all.err;
  const std::vector<uint8_t> bytes = read_file(folder_ / "all/a.tiff");
  EXPECT_EQ(decode_image(bytes).source.pages, 2);
  EXPECT_EQ(decode_image(bytes, "second", {.page = 1}).width, 30);
}

TEST_F(Restore, masks_have_white_holes_when_told) {
  const std::string in = photo("in.png");
  Image mask = from_rgb(FloatImage(48, 40, 3));
  std::fill(mask.data.begin(), mask.data.begin() + 48 * 3 * 5, 255);
  photo("mask.png", mask);
  ASSERT_EQ(restore({in, "-o", path("out.png"), "--mask", path("mask.png"), "--mask-holes", "white"}).code, 0);
  const Image before = read_image(in), after = read_image(folder_ / "out.png");
  EXPECT_TRUE(std::equal(before.data.begin() + 48 * 3 * 5, before.data.end(), after.data.begin() + 48 * 3 * 5));
  EXPECT_FALSE(std::equal(before.data.begin(), before.data.begin() + 48 * 3 * 5, after.data.begin()));
}

TEST_F(Restore, an_output_folder_inside_the_input_is_not_taken_as_input) {
  photo("in/a.png");
  for (int round = 0; round < 2; ++round) EXPECT_EQ(restore({path("in"), "-r", "-o", path("in/out")}).code, 0);
  EXPECT_EQ(names_in(folder_ / "in"), (std::vector<std::string>{"a.png", "out", "out/a.png"}));
}

TEST_F(Restore, standard_input_to_standard_output) {
  const std::string bytes = read_text(photo("in.png"));
  const Outcome outcome = restore({"-", "-o", "-"}, bytes);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Image image =
      decode_image(std::span(reinterpret_cast<const uint8_t*>(outcome.out.data()), outcome.out.size()), "out");
  EXPECT_EQ(image.width, 48);
  const Outcome named = restore({"-", "-o", path("out")}, bytes);
  EXPECT_EQ(named.code, 0);
  EXPECT_EQ(read_image(folder_ / "out/stdin.png").data, image.data);
}

TEST_F(Restore, paths_may_hold_spaces_and_other_letters) {
  EXPECT_EQ(restore({photo("a b/ü ñ.png"), "-o", path("c d")}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "c d/ü ñ.png"));
}

TEST_F(Restore, two_inputs_for_one_output_are_refused_before_anything_starts) {
  photo("a/x.png");
  photo("b/x.jpg");
  expect_one_line(restore({path("a/x.png"), path("b/x.jpg"), "-o", path("out"), "--format", "png"}), 2, "x.png");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
  expect_one_line(restore({path("a/x.png"), path("b/x.jpg"), "-o", path("out.png")}), 2, "out.png");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.png"));
}

TEST_F(Restore, an_input_is_never_replaced) {
  const std::string in = photo("a.png"), before = read_text(in);
  expect_one_line(restore({in, "-o", in}), 2, "replace an input");
  expect_one_line(restore({in, "-o", folder_.path().string()}), 2, "replace an input");
  EXPECT_EQ(read_text(in), before);
}

TEST_F(Restore, existing_outputs_are_replaced_or_kept) {
  const std::string in = photo("a.png");
  const std::string old = read_text(photo("out/a.png", 20, 20));
  EXPECT_EQ(restore({in, "-o", path("out"), "--skip-existing"}).code, 0);
  EXPECT_TRUE(read_text(folder_ / "out/a.png") == old);
  EXPECT_EQ(restore({in, "-o", path("out")}).code, 0);
  EXPECT_EQ(read_image(folder_ / "out/a.png").width, 48);
  EXPECT_EQ(names_in(folder_ / "out"), (std::vector<std::string>{"a.png"}));
}

TEST_F(Restore, depth_grey_alpha_and_profile_are_kept) {
  for (const int bits : {8, 16})
    for (const int channels : {1, 2, 3, 4}) {
      const Image in = test_photo_as(30, 20, channels, bits);
      for (const char* name : {"out.png", "out.tiff"}) {
        ASSERT_EQ(restore({photo("in.png", in), "-o", path(name)}).code, 0);
        const Image out = read_image(folder_ / name);
        EXPECT_EQ(out.channels, channels) << name;
        EXPECT_EQ(out.bits, bits) << name;
      }
    }
}

TEST_F(Restore, the_colour_profile_is_kept) {
  Image in = test_photo(30, 20);
  in.icc = rgb_profile();
  for (const char* name : {"p.png", "p.jpg", "p.webp", "p.tiff"}) {
    ASSERT_EQ(restore({photo(std::string("in/") + name, in), "-o", path(name)}).code, 0);
    EXPECT_EQ(read_image(folder_ / name).icc, in.icc) << name;
  }
}

TEST_F(Restore, exif_is_kept_and_the_orientation_applied) {
  Image in = test_photo(30, 20);
  // Little-endian TIFF: one entry, Orientation (0x0112) = 6, the camera was turned.
  in.metadata.exif = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0};
  ASSERT_EQ(restore({photo("in.jpg", in), "-o", path("out.jpg")}).code, 0);
  const Image turned = read_image(folder_ / "in.jpg"), out = read_image(folder_ / "out.jpg");
  EXPECT_EQ(out.width, turned.width);
  EXPECT_EQ(out.height, turned.height);
  EXPECT_FALSE(out.metadata.exif.empty());
}

TEST_F(Restore, the_output_says_what_an_algorithm_did_to_it) {
  const auto source = [&](const std::string& name) {
    const std::vector<uint8_t> xmp = read_image(folder_ / name).metadata.xmp;
    const std::string text(xmp.begin(), xmp.end()), start = "/digitalsourcetype/";
    const size_t at = text.find(start);
    return at == text.npos ? "" : text.substr(at + start.size(), text.find('"', at) - at - start.size());
  };
  const std::string in = photo("in.png");
  Image mask = test_photo(48, 40);
  std::ranges::fill(mask.data, uint8_t(255));
  std::fill_n(mask.data.begin(), 48 * 10 * 3, uint8_t(0));
  photo("mask.png", mask);
  for (const std::string ending : {".jpg", ".png", ".webp", ".tiff"}) {
    ASSERT_EQ(restore({in, "-o", path("repaired" + ending)}).code, 0);
    EXPECT_EQ(source("repaired" + ending), "algorithmicallyEnhanced");
    ASSERT_EQ(restore({in, "-o", path("painted" + ending), "--mask", path("mask.png")}).code, 0);
    EXPECT_EQ(source("painted" + ending), "compositeWithTrainedAlgorithmicMedia");
  }
  ASSERT_EQ(restore({in, "-o", path("same.png"), "--strength", "0"}).code, 0);
  EXPECT_EQ(source("same.png"), "");
}

TEST_F(Restore, strip_leaves_out_all_metadata_or_the_place) {
  Image in = test_photo(30, 20);
  in.icc = rgb_profile();
  in.metadata.resolution = {300, 300};
  in.metadata.text = {{"Author", "somebody"}};
  // Little-endian TIFF: Make "Cam", and a GPS directory at 38 with the reference N.
  in.metadata.exif = {'I', 'I', 42, 0,    8,    0, 0, 0, 2, 0, 0x0f, 1,  2, 0, 4, 0, 0, 0, 'C',
                      'a', 'm', 0,  0x25, 0x88, 4, 0, 1, 0, 0, 0,    38, 0, 0, 0, 0, 0, 0, 0,
                      1,   0,   1,  0,    2,    0, 2, 0, 0, 0, 'N',  0,  0, 0, 0, 0, 0, 0};
  photo("in.png", in);
  ASSERT_EQ(restore({path("in.png"), "-o", path("kept.png")}).code, 0);
  ASSERT_EQ(restore({path("in.png"), "-o", path("gps.png"), "--strip", "gps"}).code, 0);
  ASSERT_EQ(restore({path("in.png"), "-o", path("all.png"), "--strip", "all"}).code, 0);
  const auto holds = [&](const std::string& name, const std::string& text) {
    return read_text(folder_ / name).find(text) != std::string::npos;
  };
  const std::string gps_tag("\x25\x88\4\0", 4);
  EXPECT_TRUE(holds("kept.png", "Cam") && holds("kept.png", gps_tag) && holds("kept.png", "somebody"));
  EXPECT_TRUE(holds("gps.png", "Cam") && !holds("gps.png", gps_tag) && holds("gps.png", "somebody"));
  for (const std::string text : {"eXIf", "tEXt", "iTXt", "zTXt", "pHYs"}) EXPECT_FALSE(holds("all.png", text)) << text;
  EXPECT_EQ(read_image(folder_ / "all.png").icc, in.icc);
  expect_one_line(restore({path("in.png"), "-o", path("x.png"), "--strip", "xmp"}), 2, "--strip");
}

TEST_F(Restore, a_mask_changes_its_holes_only) {
  const std::string in = photo("in.png");
  Image mask = test_photo(48, 40);
  std::fill(mask.data.begin(), mask.data.end(), uint8_t(255));
  std::fill(mask.data.begin(), mask.data.begin() + 48 * 10 * 3, uint8_t(0));
  photo("mask.png", mask);
  ASSERT_EQ(restore({in, "-o", path("out.png"), "--mask", path("mask.png")}).code, 0);
  const Image before = read_image(in), after = read_image(folder_ / "out.png");
  EXPECT_TRUE(std::equal(before.data.begin() + 48 * 10 * 3, before.data.end(), after.data.begin() + 48 * 10 * 3));
  EXPECT_FALSE(std::equal(before.data.begin(), before.data.begin() + 48 * 10 * 3, after.data.begin()));
  expect_one_line(restore({photo("other.png", 20, 20), "-o", path("x.png"), "--mask", path("mask.png")}), 1,
                  "mask is 48x40");
}

TEST_F(Restore, strength_zero_returns_the_input) {
  const std::string in = photo("in.png");
  ASSERT_EQ(restore({in, "-o", path("out.png"), "--strength", "0"}).code, 0);
  EXPECT_EQ(read_image(folder_ / "out.png").data, read_image(in).data);
}

TEST_F(Restore, more_views_give_another_picture_and_odd_numbers_of_them_are_refused) {
  const std::string in = photo("in.png", 60, 40);
  ASSERT_EQ(restore({in, "-o", path("one.png")}).code, 0);
  ASSERT_EQ(restore({in, "-o", path("two.png"), "--views", "2"}).code, 0);
  EXPECT_NE(read_image(folder_ / "one.png").data, read_image(folder_ / "two.png").data);
  expect_one_line(restore({in, "-o", path("three.png"), "--views", "3"}), 2, "--views");
}

TEST_F(Restore, precisions_and_threads_agree) {
  const std::string in = photo("in.png", 100, 80);
  ASSERT_EQ(restore({in, "-o", path("a.png"), "--precision", "f32", "--threads", "1"}).code, 0);
  ASSERT_EQ(restore({in, "-o", path("b.png"), "--precision", "f32", "--threads", "2"}).code, 0);
  ASSERT_EQ(restore({in, "-o", path("c.png"), "--precision", "auto"}).code, 0);
  const FloatImage a = to_rgb(read_image(folder_ / "a.png"));
  EXPECT_GT(psnr(a, to_rgb(read_image(folder_ / "b.png"))), 60);
  EXPECT_GT(psnr(a, to_rgb(read_image(folder_ / "c.png"))), 30);
}

TEST_F(Restore, the_report_needs_nothing_else) {
  photo("in/a.png");
  photo("in/<b> & c.png", 60, 30);
  const Outcome outcome =
      restore({path("in"), "-o", path("out"), "--report", path("pages/r.html"), "--report-note", "Made <here>."});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string page = read_text(folder_ / "pages/r.html");
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  EXPECT_NE(page.find("&lt;b&gt; &amp; c.png"), std::string::npos);
  EXPECT_NE(page.find("Made &lt;here&gt;."), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos);
  size_t sources = 0;
  for (size_t at = 0; (at = page.find(" src=\"", at)) != std::string::npos; ++at, ++sources)
    EXPECT_EQ(page.compare(at + 6, 23, "data:image/jpeg;base64,"), 0);
  EXPECT_EQ(sources, 4u);
  EXPECT_EQ(page.find("url("), std::string::npos);
}

TEST_F(Restore, the_line_and_the_report_say_why_a_flat_picture_is_left_as_it_is) {
  Image black = test_photo(48, 40);
  std::ranges::fill(black.data, uint8_t(0));
  const std::string in = photo("in.png", black), page = path("r.html");
  const Outcome outcome =
      run_program({"restore", in, "-o", path("out.png"), "--model", path("tiny.safetensors"), "--report", page});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find(": nothing to see, left as it is, "), std::string::npos) << outcome.err;
  EXPECT_NE(read_text(page).find("<small>nothing to see, left as it is</small>"), std::string::npos);
  EXPECT_EQ(read_image(folder_ / "out.png").data, black.data);
}

TEST_F(Restore, a_mask_that_repaints_most_of_the_photo_is_reported) {
  const std::string in = photo("in.png");
  Image mask = test_photo(48, 40);
  std::ranges::fill(mask.data, uint8_t(0));
  std::fill_n(mask.data.begin(), 48 * 10 * 3, uint8_t(255));
  photo("mask.png", mask);
  const Outcome outcome = restore({in, "-o", path("out.png"), "--mask", path("mask.png")});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("mask.png: the mask repaints 75 % of the photo; white keeps"), std::string::npos)
      << outcome.err;
}

TEST_F(Restore, lines_in_a_pipe_carry_no_control_characters) {
  photo("in/a.png");
  photo("in/b.png");
  const Outcome outcome = restore({path("in"), "-o", path("out")});
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.find('\r'), std::string::npos);
  EXPECT_EQ(outcome.err.find('\033'), std::string::npos);
  EXPECT_EQ(lines_in(outcome.err), 3u) << outcome.err;
}

TEST_F(Restore, tiles_of_a_large_photo_agree_with_the_whole) {
  const std::string in = photo("in.png", 800, 400);
  ASSERT_EQ(restore({in, "-o", path("a.png"), "--tile", "512", "--precision", "f32"}).code, 0);
  ASSERT_EQ(restore({in, "-o", path("b.png"), "--tile", "1000", "--precision", "f32"}).code, 0);
  EXPECT_GT(psnr(to_rgb(read_image(folder_ / "a.png")), to_rgb(read_image(folder_ / "b.png"))), 45);
}

}  // namespace
}  // namespace daclip::test
