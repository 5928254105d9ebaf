// restore with diffusion models: samplers, seeds, and contexts of the user's choice.
#include "apps/app_fixture.h"

namespace daclip::test {
namespace {

class RestoreDiffusion : public AppTest {
 protected:
  RestoreDiffusion() {
    write_safetensors(folder_ / "diffusion.safetensors", tiny_model(tiny_diffusion_config()));
    write_safetensors(folder_ / "words.safetensors", with_words(tiny_diffusion_config()));
    in_ = photo("in.png", test_photo_as(24, 20, 3, 16));  // 16 bits show small differences too
  }

  Outcome run(const std::string& model, std::vector<std::string> arguments) {
    const std::string file = path(model + ".safetensors");
    const std::vector<std::string> common = {"restore", in_, "-o", path("out.png"), "--model", file, "--threads", "1"};
    arguments.insert(arguments.begin(), common.begin(), common.end());
    return run_program(arguments, "");
  }

  std::vector<uint8_t> pixels(const std::string& model, const std::vector<std::string>& arguments) {
    const Outcome outcome = run(model, arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return read_image(folder_ / "out.png").data;
  }

  std::string in_;
};

TEST_F(RestoreDiffusion, tells_the_evaluations_and_obeys_sampler_steps_and_seed) {
  const auto says = [&](const std::vector<std::string>& arguments, const std::string& words) {
    std::vector<std::string> all = {"--degradation", "noisy"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = run("diffusion", all);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
  };
  says({}, ", 10 evaluations, ");
  says({"--steps", "3"}, ", 3 evaluations, ");
  says({"--sampler", "posterior"}, ", 100 evaluations, ");
  const std::vector<std::string> noisy = {"--degradation", "noisy", "--steps", "3"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), noisy.begin(), noisy.end());
    return pixels("diffusion", more);
  };
  EXPECT_EQ(with({}), with({"--seed", "0"}));
  EXPECT_NE(with({}), with({"--seed", "1"}));
  EXPECT_NE(with({}), with({"--sampler", "mars-sde-1"}));
}

TEST_F(RestoreDiffusion, words_a_clean_version_and_nothing_stand_in_for_the_photos_contexts) {
  const std::string clean = photo("clean.png", 24, 20, 2);
  const std::vector<uint8_t> plain = pixels("words", {"--steps", "2"});
  std::vector<std::vector<uint8_t>> all = {plain};
  for (const std::vector<std::string>& choice : {std::vector<std::string>{"--prompt", "a rainy photo"},
                                                 {"--caption", "a cat"},
                                                 {"--clean", clean},
                                                 {"--zero-context", "content"},
                                                 {"--zero-context", "degradation"},
                                                 {"--zero-context", "both"},
                                                 {"--prompt", "a rainy photo", "--caption", "a cat"}}) {
    std::vector<std::string> arguments = {"--steps", "2"};
    arguments.insert(arguments.end(), choice.begin(), choice.end());
    const std::vector<uint8_t> found = pixels("words", arguments);
    for (const std::vector<uint8_t>& other : all) EXPECT_NE(found, other) << choice[0] << " " << choice[1];
    all.push_back(found);
  }
  EXPECT_NE(run("words", {"--steps", "2", "--prompt", "a rainy photo"}).err.find("steered by \"a rainy photo\""),
            std::string::npos);
}

TEST_F(RestoreDiffusion, what_the_model_has_no_use_for_is_refused_before_it_starts) {
  expect_one_line(run("diffusion", {"--steps", "101"}), 2, "101 steps");
  expect_one_line(run("diffusion", {"--prompt", "a rainy photo"}), 2, "text tower");
  expect_one_line(run("words", {"--prompt", "rain", "--degradation", "rainy"}), 2, "--prompt excludes --degradation");
  expect_one_line(run("words", {"--caption", "a cat", "--zero-context", "both"}), 2,
                  "--caption excludes --zero-context");
  expect_one_line(run("tiny", {"--seed", "1"}), 2, "restores in one evaluation");
  expect_one_line(run("tiny", {"--sampler", "sde"}), 2, "restores in one evaluation");
  EXPECT_EQ(run("diffusion", {"--sampler", "euler"}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.png"));
}

TEST_F(RestoreDiffusion, a_model_without_clip_restores_and_says_no_more) {
  ModelConfig config = tiny_config();
  remove_clip(config);
  write_safetensors(folder_ / "alone.safetensors", tiny_model(config));
  const Outcome outcome = run("alone", {"--report", path("page.html")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find(": restored, "), std::string::npos) << outcome.err;
  EXPECT_NE(read_text(folder_ / "page.html").find("in.png"), std::string::npos);
  expect_one_line(run("alone", {"--degradation", "noisy"}), 2, "no CLIP");
  expect_one_line(run("alone", {"--zero-context", "content"}), 2, "takes no content");
}

}  // namespace
}  // namespace daclip::test
