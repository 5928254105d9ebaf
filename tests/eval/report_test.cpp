#include "eval/report.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "eval/gallery.h"
#include "eval/markup.h"
#include "eval/sample_results.h"
#include "image/io.h"
#include "pipeline/temp_folder.h"
#include "pipeline/test_photo.h"

namespace daclip::test {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  const std::vector<uint8_t> bytes = read_file(path);
  return std::string(bytes.begin(), bytes.end());
}

void keep(const fs::path& folder, const Result& r, const std::string& who, uint64_t seed) {
  const fs::path path = picture_path(folder, r.dataset, r.image, who);
  fs::create_directories(path.parent_path());
  write_image(path, test_photo(60, 40, seed), image_format("png"));
}

// The URLs of the page's pictures.
std::vector<std::string> sources_of(const std::string& page) {
  std::vector<std::string> sources;
  for (size_t at = page.find(" src=\""); at != std::string::npos; at = page.find(" src=\"", at + 1))
    sources.push_back(page.substr(at + 6, page.find('"', at + 6) - at - 6));
  return sources;
}

TEST(Report, writes_pages_tables_and_charts) {
  const TempFolder folder;
  const fs::path out = folder / "new/report";
  write_report(out, sample_results(), sample_options());
  for (const char* name : {"report.html", "tables.md", "tables.tex", "summary.json", "results.csv",
                           "bars-psnr-gain.svg", "bars-psnr.svg", "confusion-ours.svg", "reliability-ours.svg"})
    EXPECT_TRUE(fs::exists(out / name)) << name;
  EXPECT_FALSE(fs::exists(out / "gallery.html"));         // no pictures were kept
  EXPECT_FALSE(fs::exists(out / "radar-psnr-gain.svg"));  // a radar needs three sets
  EXPECT_FALSE(fs::exists(out / "confusion-other_one.svg"));
}

TEST(Report, the_page_is_whole_and_needs_nothing_else) {
  const TempFolder folder;
  ReportOptions options = sample_options();
  options.title = "Tests & <more>";
  options.notes = {"Model <x>."};
  write_report(folder / "r", sample_results(), options);
  const std::string page = read(folder / "r" / "report.html");
  EXPECT_EQ(markup_problem(page, true), "");
  EXPECT_EQ(count_of(page, "<title>Tests &amp; &lt;more&gt;</title>"), 1u);
  EXPECT_EQ(count_of(page, "<svg "), 4u);
  EXPECT_EQ(count_of(page, "http"), 4u);  // only the SVGs' namespace
  EXPECT_NE(page.find("Rain100H, 3, ours: 3.png: cut off &lt;here&gt;"), std::string::npos);
  EXPECT_TRUE(sources_of(page).empty());
}

TEST(Report, charts_of_an_earlier_report_do_not_stay) {
  const TempFolder folder;
  const fs::path out = folder / "r";
  write_report(out, sample_results(), sample_options());
  write_text(out / "mine.svg", "<svg/>");
  write_report(out, {sample_result("s", "noisy", "a", "m", 20, 10)}, {});
  EXPECT_FALSE(fs::exists(out / "confusion-ours.svg"));
  EXPECT_TRUE(fs::exists(out / "mine.svg"));
}

TEST(Report, nothing_measured_is_a_report_too) {
  const TempFolder folder;
  write_report(folder / "r", {});
  EXPECT_EQ(markup_problem(read(folder / "r" / "report.html"), true), "");
  EXPECT_THROW(write_report("/proc/nowhere/r", {}), IoError);
}

TEST(Gallery, chooses_the_worst_and_the_best_by_gain) {
  std::vector<Result> results;
  for (int i = 0; i < 5; ++i)
    results.push_back(sample_result("s", "noisy", std::to_string(i), "m", 20 + (i * 3) % 5, 10));
  using Images = std::vector<std::pair<std::string, std::string>>;  // gains 10, 13, 11, 14, 12
  EXPECT_EQ(gallery_images(results, 2), (Images{{"s", "0"}, {"s", "2"}, {"s", "3"}, {"s", "1"}}));
  EXPECT_EQ(gallery_images(results, 9).size(), 5u);
  EXPECT_TRUE(gallery_images(results, 0).empty());
  for (Result& r : results) r.psnr.reset(), r.psnr_input.reset(), r.confidence = r.image == "4" ? 0.2 : 0.9;
  EXPECT_EQ(gallery_images(results, 1)[0].second, "4");  // without truth, by confidence
}

TEST(Gallery, names_only_pictures_that_are_there) {
  const TempFolder folder;
  std::vector<Result> results = {sample_result("a b/#1", "noisy", "x%<y>", "ours", 20, 10),
                                 sample_result("a b/#1", "noisy", "x%<y>", "other_one", 21, 10),
                                 sample_result("a b/#1", "noisy", "gone", "ours", 25, 10)};
  keep(folder / "", results[0], "input", 1);
  keep(folder / "", results[0], "ours", 2);
  keep(folder / "", results[0], "truth", 3);
  const std::string page = gallery_page(folder / "", results, {});
  EXPECT_EQ(markup_problem(page, true), "");
  const std::vector<std::string> sources = sources_of(page);
  EXPECT_EQ(sources.size(), 5u);  // two of the slider, three crops
  for (const std::string& source : sources) {
    EXPECT_TRUE(source.starts_with("images/a%20b_%231/x%25%3Cy%3E.")) << source;
    EXPECT_EQ(count_of(source, "other_one"), 0u);
  }
  EXPECT_EQ(count_of(page, "type=\"range\""), 1u);
  EXPECT_EQ(count_of(page, "PSNR 20.00 (+10.00)"), 1u);
  EXPECT_EQ(gallery_page(folder / "elsewhere", results, {}), "");
}

TEST(Gallery, leaves_out_what_cannot_be_read) {
  const TempFolder folder;
  const Result r = sample_result("s", "noisy", "x", "ours", 20, 10);
  keep(folder / "", r, "input", 1);
  write_text(picture_path(folder / "", "s", "x", "ours"), "no picture");
  EXPECT_EQ(gallery_page(folder / "", {r}, {}), "");
}

TEST(Gallery, crops_where_pictures_differ_most) {
  const Image a = test_photo(64, 48);
  Image b = a;
  for (int y = 32; y < 40; ++y)
    for (int x = 40; x < 48; ++x) b.data[size_t((y * 64 + x) * 3)] ^= 0x80;
  const CropPlace place = most_different(a, b, 8);
  EXPECT_EQ(place.left, 40);
  EXPECT_EQ(place.top, 32);
  EXPECT_EQ(place.width, 8);
  const CropPlace whole = most_different(a, b, 500);
  EXPECT_EQ(whole.width, 64);
  EXPECT_EQ(whole.height, 48);
}

}  // namespace
}  // namespace daclip::test
