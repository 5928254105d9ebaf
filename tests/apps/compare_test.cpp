#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/app_fixture.h"
#include "metrics/lpips.h"
#include "metrics/metrics_fixtures.h"
#include "ops/naive.h"

namespace daclip::test {
namespace {

using Json = nlohmann::json;

class Compare : public AppTest {
 protected:
  // The published files' names with random weights in them.
  std::string squeeze_weights() {
    const std::string weights = folder("weights");
    write_safetensors(folder_ / "weights/squeezenet1_1-b8a52dc0.safetensors", random_net(PerceptualNet::squeeze, 1));
    write_safetensors(folder_ / "weights/squeeze.safetensors", random_heads(PerceptualNet::squeeze, 2));
    return weights;
  }
};

TEST_F(Compare, measures_lpips_with_the_named_weights) {
  const std::string a = photo("a.png", 30, 26, 1), b = photo("b.png", 30, 26, 2), weights = squeeze_weights();
  const Outcome outcome = run_program(
      {"compare", a, b, "--metrics", "psnr,lpips-squeeze", "--metric-weights", weights, "--threads", "1", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  NaiveBackend plain;
  const double expected =
      Lpips(plain, weights, PerceptualNet::squeeze).distance(to_rgb(read_image(a)), to_rgb(read_image(b)));
  EXPECT_NEAR(json["lpips_squeeze"].get<double>(), expected, 1e-4 * expected);
  EXPECT_TRUE(json["psnr"].is_number());
  EXPECT_FALSE(json.contains("ssim"));
  const Outcome text = run_program({"compare", a, b, "--metrics", "lpips-squeeze", "--metric-weights", weights});
  EXPECT_EQ(text.out.find("PSNR"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("LPIPS squeeze"), std::string::npos) << text.out;
}

TEST_F(Compare, of_folders_gives_means_of_each_figure) {
  for (const char* name : {"one/p.png", "one/q.png"}) photo(name, 30, 26, 1);
  photo("two/p.png", 30, 26, 2), photo("two/q.png", 30, 26, 1);
  const Outcome outcome = run_program({"compare", path("one"), path("two"), "--metrics", "ssim,lpips-squeeze",
                                       "--metric-weights", squeeze_weights(), "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["mean"]["different"], 1);
  EXPECT_EQ(json["mean"]["identical_count"], 1);
  ASSERT_EQ(json["images"].size(), 2u);
  EXPECT_EQ(json["mean"]["lpips_squeeze"], json["images"][0]["lpips_squeeze"]);
  EXPECT_EQ(json["images"][1]["lpips_squeeze"], 0.0);
  EXPECT_TRUE(json["images"][1]["identical"].get<bool>());
}

TEST_F(Compare, tells_which_weights_are_missing_and_which_metrics_there_are) {
  const std::string a = photo("a.png");
  expect_one_line(run_program({"compare", a, a, "--metrics", "lpips", "--metric-weights", folder("none")}), 2,
                  "alexnet-owt-7be5be79.pth");
  const Outcome unknown = run_program({"compare", a, a, "--metrics", "psnr,beauty"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("beauty"), std::string::npos) << unknown.err;
}

TEST_F(Compare, leaves_figures_undefined_that_a_picture_is_too_small_for) {
  const std::string a = photo("a.png", 12, 10, 1), b = photo("b.png", 12, 10, 2);
  const Outcome outcome = run_program(
      {"compare", a, b, "--metrics", "psnr,ssim,lpips-squeeze", "--metric-weights", squeeze_weights(), "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_TRUE(json["psnr"].is_number());
  EXPECT_TRUE(json["ssim"].is_null());
  EXPECT_TRUE(json["lpips_squeeze"].is_null());
}

}  // namespace
}  // namespace daclip::test
