#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/app_fixture.h"
#include "eval/result.h"

namespace daclip::test {
namespace {

using Json = nlohmann::json;

class Eval : public AppTest {
 protected:
  Eval() {
    for (const char* name : {"a", "b"}) pair("rainy", name);
    pair("noisy", "c");
  }

  void pair(const std::string& set, const std::string& name, int width = 48, int height = 40) {
    photo("sets/" + set + "/LQ/" + name + ".png", width, height, ++seed_);
    photo("sets/" + set + "/GT/" + name + ".jpg", width, height, ++seed_);
  }

  Outcome eval(std::vector<std::string> arguments) {
    const std::vector<std::string> common = {"eval", path("sets"), "-o", path("report"), "--threads", "1"};
    arguments.insert(arguments.begin(), common.begin(), common.end());
    return run_program(arguments);
  }
  // The tiny model, and only metrics that need no weights.
  Outcome eval_tiny(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.end(), {"--model", path("tiny.safetensors"), "--metrics", "psnr", "ssim"});
    return eval(std::move(arguments));
  }

  std::vector<Result> rows() const { return read_results_csv(folder_ / "report/results.csv"); }

  uint64_t seed_ = 0;
};

TEST_F(Eval, writes_rows_and_a_report) {
  const Outcome outcome = eval_tiny();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Result> results = rows();
  ASSERT_EQ(results.size(), 3u);
  for (const Result& r : results) {
    EXPECT_EQ(r.method, "tiny");
    EXPECT_TRUE(r.psnr && r.ssim && r.psnr_y && r.ssim_y && r.psnr_input && r.ssim_input);
    EXPECT_FALSE(r.lpips);
    EXPECT_FALSE(r.predicted.empty());
    EXPECT_GT(r.confidence, 0);
    EXPECT_TRUE(std::filesystem::exists(picture_path(folder_ / "report", r.dataset, r.image, "tiny")));
  }
  EXPECT_EQ(read_results_jsonl(folder_ / "report/results.jsonl").results.size(), 3u);
  for (const char* name : {"report.html", "tables.md", "tables.tex", "summary.json", "gallery.html"})
    EXPECT_TRUE(std::filesystem::exists(folder_ / "report" / name)) << name;
  EXPECT_EQ(lines_in(outcome.out), 2u) << outcome.out;
  EXPECT_NE(outcome.err.find("in the network"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find('\r'), std::string::npos);
}

TEST_F(Eval, restores_as_restore_does_by_itself_and_told) {
  for (const bool told : {false, true}) {
    std::vector<std::string> eval = {"--degradations", "noisy", "--fresh"};
    std::vector<std::string> restore = {"restore", path("sets/noisy/LQ/c.png"), "-o", path("out.png"), "--threads", "1",
                                        "--model", path("tiny.safetensors")};
    if (told) {
      eval.push_back("--told");
      restore.insert(restore.end(), {"--degradation", "noisy"});
    }
    ASSERT_EQ(eval_tiny(eval).code, 0);
    ASSERT_EQ(run_program(restore).code, 0);
    EXPECT_EQ(read_image(picture_path(folder_ / "report", "noisy", "c", "tiny")).data,
              read_image(folder_ / "out.png").data);
  }
}

TEST_F(Eval, grey_shows_every_picture_in_black_and_white) {
  ASSERT_EQ(eval_tiny({"--degradations", "noisy", "--grey"}).code, 0);
  const Image shown = read_image(picture_path(folder_ / "report", "noisy", "c", "input"));
  for (size_t i = 0; i < shown.pixels(); ++i) {
    const uint8_t* pixel = &shown.data[i * size_t(shown.channels)];
    ASSERT_TRUE(shown.channels == 1 || (pixel[0] == pixel[1] && pixel[1] == pixel[2])) << i;
  }
  expect_one_line(eval_tiny({"--degradations", "noisy"}), 2, "in black and white");
}

TEST_F(Eval, goes_on_where_a_run_ended) {
  ASSERT_EQ(eval_tiny({"--limit", "1"}).code, 0);
  const Outcome rest = eval_tiny();
  EXPECT_EQ(rest.code, 0) << rest.err;
  EXPECT_NE(rest.err.find("1 done, 2 of an earlier run"), std::string::npos) << rest.err;
  EXPECT_EQ(rows().size(), 3u);
  expect_one_line(eval_tiny({"--crop-border", "2"}), 2, "--crop-border was 0, now 2");
  EXPECT_EQ(eval_tiny({"--crop-border", "2", "--fresh", "--no-pictures"}).code, 0);
}

TEST_F(Eval, an_error_is_named_and_the_rest_goes_on) {
  write_text(folder_ / "sets/rainy/LQ/a.png", "no picture");
  std::filesystem::remove(folder_ / "sets/noisy/GT/c.jpg");
  photo("sets/noisy/LQ/d.png");
  photo("sets/noisy/GT/d.png");
  const Outcome outcome = eval_tiny();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("rainy/LQ/a.png"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("noisy/LQ/c.png"), std::string::npos) << outcome.err;
  const std::vector<Result> results = rows();
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].image, "d");
  EXPECT_FALSE(results[1].error.empty());
  EXPECT_TRUE(results[2].error.empty());
}

TEST_F(Eval, metrics_without_weights_stay_empty_with_one_notice) {
  const Outcome outcome =
      eval({"--model", path("tiny.safetensors"), "--metrics", "psnr", "lpips", "--metric-weights", folder("none")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const size_t notice = outcome.err.find("without lpips");
  EXPECT_NE(notice, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("without lpips", notice + 1), std::string::npos);
  EXPECT_FALSE(rows()[0].lpips);
}

TEST_F(Eval, measures_pictures_of_other_methods_beside_a_model) {
  photo("theirs/rainy/a.png", read_image(folder_ / "sets/rainy/GT/a.jpg"));
  photo("theirs/rainy/b.png", read_image(folder_ / "sets/rainy/GT/b.jpg"));
  const Outcome outcome = eval_tiny({"--outputs", "perfect=" + path("theirs"), "--sets", "rainy"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  size_t perfect = 0;
  for (const Result& r : rows())
    if (r.method == "perfect") {
      ++perfect;
      EXPECT_TRUE(std::isinf(r.psnr.value()));
      EXPECT_EQ(r.predicted, "");
    }
  EXPECT_EQ(perfect, 2u);
  EXPECT_EQ(rows().size(), 4u);
}

TEST_F(Eval, takes_models_of_every_kind) {
  ModelConfig plain = tiny_config();
  remove_clip(plain);
  write_safetensors(folder_ / "plain.safetensors", tiny_model(plain));
  ModelConfig eyes = tiny_config();
  eyes.restorer.reset();
  write_safetensors(folder_ / "eyes.safetensors", tiny_model(eyes));
  write_safetensors(folder_ / "sde.safetensors", tiny_model(tiny_diffusion_config()));
  const Outcome outcome =
      eval({"--model", "plain=" + path("plain.safetensors"), "eyes=" + path("eyes.safetensors"),
            "sde=" + path("sde.safetensors"), "--steps", "2", "--metrics", "psnr", "--sets", "noisy"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Result> results = rows();
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].predicted, "");
  EXPECT_TRUE(results[0].psnr);
  EXPECT_FALSE(results[1].psnr) << "recognises only";
  EXPECT_FALSE(results[1].predicted.empty());
  EXPECT_TRUE(results[2].psnr);
}

TEST_F(Eval, wrong_usage_is_one_line) {
  expect_one_line(eval_tiny({"--degradations", "fuzzy"}), 2, "rainy");
  expect_one_line(eval({"--model", path("tiny.safetensors"), path("tiny.safetensors")}), 2,
                  "two methods have the name tiny");
  expect_one_line(eval({"--model", path("tiny.safetensors"), "--metrics", "beauty"}), 2, "beauty");
  expect_one_line(eval({"--model", path("none.safetensors")}), 2, "none.safetensors");
  expect_one_line(eval({"--outputs", path("none")}), 2, "none");
  expect_one_line(run_program({"eval", path("nowhere"), "-o", path("report")}), 2, "nowhere");
  expect_one_line(run_program({"eval", path("sets")}), 2, "--out");
  write_text(folder_ / "file", "a file");
  expect_one_line(run_program({"eval", path("sets"), "--model", path("tiny.safetensors"), "--metrics", "psnr", "-o",
                               path("file/report")}),
                  2, "file/report");
}

TEST_F(Eval, unsure_recognition_is_told) {
  const std::string in = photo("a.png");
  const Outcome told = run_program({"classify", in, "--json", "--model", path("tiny.safetensors")});
  ASSERT_EQ(told.code, 0) << told.err;
  const Json entry = Json::parse(told.out)[0];
  EXPECT_EQ(entry["confidence"], entry["labels"][0]["probability"]);
  const bool unsure = entry["confidence"].get<double>() < 0.6;
  EXPECT_EQ(entry["unsure"], unsure);
  EXPECT_EQ(told.err.find("unsure of 1 photo") != std::string::npos, unsure) << told.err;
  const Outcome restored = run_program({"restore", in, "-o", path("out.png"), "--model", path("tiny.safetensors")});
  EXPECT_EQ(restored.err.find("unsure of 1 photo") != std::string::npos, unsure) << restored.err;
  const Outcome named = restore({in, "-o", path("out.png")});
  EXPECT_EQ(named.err.find("unsure"), std::string::npos) << named.err;
}

TEST_F(Eval, info_measures_a_models_networks) {
  const Outcome outcome =
      run_program({"info", path("tiny.safetensors"), "--complexity", "--size", "40x64", "--threads", "1", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  ASSERT_EQ(json["networks"].size(), 2u);
  EXPECT_EQ(json["networks"][1]["input"], "64x40");
  for (const Json& network : json["networks"]) {
    EXPECT_GT(network["parameters"].get<int64_t>(), 1000);
    EXPECT_GT(network["multiply_adds"].get<int64_t>(), 1000);
    EXPECT_GT(network["seconds"].get<double>(), 0);
  }
  const Outcome table = run_program({"info", path("tiny.safetensors"), "--complexity", "--size", "40x64"});
  EXPECT_NE(table.out.find("| NAFNet | 64x40 |"), std::string::npos) << table.out;
  expect_one_line(run_program({"info", path("tiny.safetensors"), "--size", "40x64"}), 2, "--complexity");
  expect_one_line(run_program({"info", path("tiny.safetensors"), "--complexity", "--size", "40"}), 2, "--size");
}

}  // namespace
}  // namespace daclip::test
