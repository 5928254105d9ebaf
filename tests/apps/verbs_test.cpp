#include <daclip/version.h>

#include <nlohmann/json.hpp>

#include "apps/app_fixture.h"
#include "core/labels.h"

namespace daclip::test {
namespace {

using Verbs = AppTest;
using Json = nlohmann::json;

TEST_F(Verbs, help_describes_every_verb) {
  const Outcome help = run_program({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* verb : {"restore", "classify", "degrade", "compare", "dataset", "import", "info", "plot"}) {
    EXPECT_NE(help.out.find(verb), std::string::npos) << verb;
    const Outcome own = run_program({verb, "--help"});
    EXPECT_EQ(own.code, 0);
    EXPECT_GT(own.out.size(), 200u) << own.out;
    EXPECT_EQ(own.err, "");
  }
}

TEST_F(Verbs, version_names_the_release_and_what_the_build_can_do) {
  const Outcome version = run_program({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_TRUE(version.out.starts_with("daclip " DACLIP_VERSION "\n")) << version.out;
  for (const char* feature : {"\npictures  JPEG, PNG", "\nengine    ", "\nLibTorch  ", "\nBRISQUE   "})
    EXPECT_NE(version.out.find(feature), std::string::npos) << feature << version.out;
}

TEST(Version, numbers_make_up_the_text) {
  EXPECT_EQ(cat(DACLIP_VERSION_MAJOR, ".", DACLIP_VERSION_MINOR, ".", DACLIP_VERSION_PATCH), DACLIP_VERSION);
}

TEST_F(Verbs, classify_prints_every_finding_of_a_model_that_finds_several) {
  photo("in/a.png");
  NamedArrays model = tiny_model(tiny_damage_config());
  set_findings(model, {{"rainy", 3.f}, {"hazy", 2.f}});
  write_safetensors(path("several.safetensors"), model);
  const Outcome text = run_program({"classify", path("in"), "--model", path("several.safetensors"), "--all"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_EQ(lines_in(text.out), 1u + kDegradationCount);
  EXPECT_NE(text.out.find("\n    rainy 95 % (severity 0.50)\n    hazy 88 % (severity 0.50)"), std::string::npos)
      << text.out;
  const Json json =
      Json::parse(run_program({"classify", path("in"), "--model", path("several.safetensors"), "--json"}).out);
  EXPECT_EQ(json[0]["findings"][0]["kind"], "rainy");
  EXPECT_EQ(json[0]["findings"].size(), size_t(kDegradationCount));
  EXPECT_EQ(json[0]["labels"][0]["label"], "rainy");
}

TEST_F(Verbs, classify_refuses_all_findings_of_a_model_that_names_one_kind) {
  photo("in/a.png");
  const Outcome outcome = run_program({"classify", path("in"), "--model", path("tiny.safetensors"), "--all"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("no damage network"), std::string::npos) << outcome.err;
}

TEST_F(Verbs, restore_names_what_it_found_and_what_it_was_given_in_its_place) {
  photo("in.png");
  NamedArrays model = tiny_model(tiny_damage_config());
  set_findings(model, {{"rainy", 3.f}, {"hazy", 2.f}});
  write_safetensors(path("several.safetensors"), model);
  const std::vector<std::string> plain = {"restore",       path("in.png"), "-o",
                                          path("out.png"), "--model",      path("several.safetensors")};
  const Outcome found = run_program(plain);
  EXPECT_NE(found.err.find("rainy (95 %) and hazy (88 %)"), std::string::npos) << found.err << found.out;
  std::vector<std::string> chosen = plain;
  chosen.insert(chosen.end(), {"--degradation", "noisy"});
  const Outcome given = run_program(chosen);
  EXPECT_NE(given.err.find("taken as noisy, looks rainy"), std::string::npos) << given.err << given.out;
}

TEST_F(Verbs, classify_prints_the_best_labels) {
  photo("in/a.png");
  photo("in/b.png", 90, 30, 2);
  const Outcome outcome = run_program({"classify", path("in"), "--model", path("tiny.safetensors"), "--top", "2"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(lines_in(outcome.out), 2u) << outcome.out;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '%'), 4);
}

TEST_F(Verbs, classify_json_holds_probabilities_that_sum_to_one) {
  write_text(folder_ / "bad.png", "x");
  const Outcome outcome = run_program(
      {"classify", photo("a.png"), path("bad.png"), "--json", "--top", "11", "--model", path("tiny.safetensors")});
  EXPECT_EQ(outcome.code, 1);
  const Json json = Json::parse(outcome.out);
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["file"], path("a.png"));
  ASSERT_EQ(json[0]["labels"].size(), 11u);
  double sum = 0;
  for (const Json& label : json[0]["labels"]) sum += label["probability"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-4);
  EXPECT_GE(json[0]["labels"][0]["probability"], json[0]["labels"][1]["probability"]);
}

TEST_F(Verbs, degrade_makes_every_kind_the_same_again) {
  const std::string in = photo("a.png", 64, 48);
  for (int i = 0; i < kDegradationCount; ++i) {
    const std::string kind(kLabels[size_t(i)]);
    const Outcome outcome = run_program({"degrade", in, "-o", path("1.png"), "--kind", kind, "--seed", "5"});
    ASSERT_EQ(outcome.code, 0) << kind << outcome.err;
    ASSERT_EQ(run_program({"degrade", in, "-o", path("2.png"), "--kind", kind, "--seed", "5"}).code, 0);
    EXPECT_EQ(read_text(folder_ / "1.png"), read_text(folder_ / "2.png")) << kind;
    EXPECT_NE(read_image(folder_ / "1.png").data, read_image(in).data) << kind;
  }
}

TEST_F(Verbs, degrade_numbers_the_photos_of_a_folder_by_seed) {
  photo("in/a.png");
  photo("in/b.png");
  ASSERT_EQ(run_program({"degrade", path("in"), "-o", path("out"), "--kind", "noisy:sigma=20", "--seed", "7"}).code, 0);
  ASSERT_EQ(
      run_program({"degrade", path("in/b.png"), "-o", path("b.png"), "--kind", "noisy:sigma=20", "--seed", "8"}).code,
      0);
  EXPECT_EQ(read_image(folder_ / "out/b.png").data, read_image(folder_ / "b.png").data);
  EXPECT_NE(read_image(folder_ / "out/a.png").data, read_image(folder_ / "out/b.png").data);
}

TEST_F(Verbs, degrade_refuses_what_it_does_not_know) {
  const std::string in = photo("a.png");
  expect_one_line(run_program({"degrade", in, "-o", path("o.png"), "--kind", "fuzzy"}), 2, "fuzzy");
  expect_one_line(run_program({"degrade", in, "-o", path("o.png"), "--kind", "noisy:sigma=x"}), 2, "sigma");
  expect_one_line(run_program({"degrade", in, "-o", path("o.png"), "--kind", "noisy:level=3"}), 2, "level");
}

TEST_F(Verbs, degrade_takes_a_mask) {
  Image mask = test_photo(48, 40);
  std::fill(mask.data.begin(), mask.data.end(), uint8_t(255));
  std::fill(mask.data.begin(), mask.data.begin() + 48 * 3, uint8_t(0));
  photo("mask.png", mask);
  const std::string in = photo("a.png");
  ASSERT_EQ(run_program({"degrade", in, "-o", path("o.png"), "--kind", "uncompleted", "--mask", path("mask.png")}).code,
            0);
  const Image before = read_image(in), after = read_image(folder_ / "o.png");
  EXPECT_EQ(after.data[0], 255);
  EXPECT_TRUE(std::equal(before.data.begin() + 48 * 3, before.data.end(), after.data.begin() + 48 * 3));
}

TEST_F(Verbs, compare_measures) {
  const std::string a = photo("a.png"), b = photo("b.png", 48, 40, 2);
  const Outcome outcome = run_program({"compare", a, b, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_NEAR(json["psnr"].get<double>(), psnr(to_rgb(read_image(a)), to_rgb(read_image(b))), 1e-3);
  for (const char* key : {"psnr_y", "ssim", "ssim_y"}) EXPECT_TRUE(json[key].is_number()) << key;
  EXPECT_NE(run_program({"compare", a, a}).out.find("equal"), std::string::npos);
  expect_one_line(run_program({"compare", a, photo("c.png", 20, 20)}), 2, "20x20");
  expect_one_line(run_program({"compare", a, path("none.png")}), 1, "none.png");
}

TEST_F(Verbs, info_counts) {
  const Outcome outcome = run_program({"info", path("tiny.safetensors"), "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["configuration"]["name"], "tiny");
  EXPECT_GT(json["parameters"]["restorer"].get<int64_t>(), 1000);
  EXPECT_GT(json["multiply_adds"]["restorer_per_pixel"].get<double>(), 10);
  EXPECT_GT(json["multiply_adds"]["daclip_per_photo"].get<int64_t>(), 10000);
  EXPECT_NE(run_program({"info", path("tiny.safetensors")}).out.find("name: tiny"), std::string::npos);
}

TEST_F(Verbs, dataset_pack_tells_what_it_packed) {
  photo("clean/a.png", 100, 80);
  photo("clean/sub/b.png", 90, 90);
  const Outcome outcome =
      run_program({"dataset", "pack", "--clean", path("clean"), "--max-size", "64", "-o", path("x.pack")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("2 photos"), std::string::npos) << outcome.err;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "x.pack"));
  expect_one_line(run_program({"dataset", "pack", "--clean", path("none"), "-o", path("y.pack")}), 2, "none");
}

}  // namespace
}  // namespace daclip::test
