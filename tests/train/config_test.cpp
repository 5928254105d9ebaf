#include "train/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

fs::path written(const std::string& text) {
  const fs::path path =
      fs::path(testing::TempDir()) /
      (std::string("daclip_") + testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml");
  std::ofstream(path) << text;
  return path;
}

std::string refusal(const std::string& text) {
  try {
    read_train_config(written(text));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(TrainConfig, takes_what_the_file_says_and_defaults_for_the_rest) {
  const TrainConfig config = read_train_config(written(
      "[run]\nsteps = 7\n[optimizer]\nlr = 1\n[data]\npacks = [\"a\", \"b\"]\nbatch = 3\n[weights]\nnoisy = 2.5\n"
      "[restorer]\nencoder_blocks = [1, 2]\n"));
  EXPECT_EQ(config.run.steps, 7);
  EXPECT_EQ(config.optimizer.lr, 1.0);
  EXPECT_EQ(config.data.packs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config.sampler.slots, 3);
  EXPECT_EQ(config.sampler.weights[size_t(label_index("noisy"))], 2.5);
  EXPECT_EQ(config.restorer.encoder_blocks, (std::vector<int>{1, 2}));
  EXPECT_EQ(config.data.crop, TrainConfig().data.crop);
}

TEST(TrainConfig, gives_a_label_its_own_share_of_the_papers_severity) {
  const TrainConfig config = read_train_config(written("[data]\npaper_share = 0.7\n[paper_share]\nrainy = 0.4\n"));
  EXPECT_EQ(config.sampler.paper_share[size_t(label_index("rainy"))], 0.4);
  EXPECT_EQ(config.sampler.paper_share[size_t(label_index("snowy"))], 0.7);
  const TrainConfig again = train_config_from_json(to_json(config));
  EXPECT_EQ(again.sampler.paper_share, config.sampler.paper_share);
}

TEST(TrainConfig, names_unknown_keys_and_wrong_types) {
  EXPECT_NE(refusal("[run]\nstepz = 7\n").find("run.stepz: unknown key"), std::string::npos);
  EXPECT_NE(refusal("[runs]\nsteps = 7\n").find("runs.steps: unknown key"), std::string::npos);
  EXPECT_NE(refusal("[run]\nsteps = \"7\"\n").find("run.steps"), std::string::npos);
  EXPECT_NE(refusal("[run]\nsteps = -7\n").find("run.steps"), std::string::npos);
  EXPECT_NE(refusal("[data]\npacks = \"a\"\n").find("data.packs"), std::string::npos);
  EXPECT_NE(refusal("steps = 7\n").find("steps: unknown key"), std::string::npos);
  EXPECT_NE(refusal("[loss]\nrestorer = \"l3\"\n").find("loss.restorer"), std::string::npos);
  EXPECT_NE(refusal("[loss]\nlabel_noise = 1.5\n").find("loss.label_noise"), std::string::npos);
  EXPECT_NE(refusal("[run]\nprecision = \"f64\"\n").find("run.precision"), std::string::npos);
  EXPECT_NE(refusal("[run]\nminutes = -1.0\n").find("run.minutes"), std::string::npos);
}

TEST(TrainConfig, tells_a_missing_file_from_one_that_is_no_toml) {
  EXPECT_THROW(read_train_config("no/such.toml"), IoError);
  EXPECT_THROW(read_train_config(written("[run\n")), FormatError);
}

TEST(TrainConfig, survives_the_way_through_a_checkpoint) {
  TrainConfig config;
  config.run.steps = 99;
  config.data.packs = {"x"};
  config.sampler.weights[2] = 0.25;
  const std::string json = to_json(config);
  EXPECT_EQ(to_json(train_config_from_json(json)), json);
  EXPECT_THROW(train_config_from_json("{"), FormatError);
}

TEST(TrainConfig, files_of_the_compact_model_are_accepted) {
  for (const char* name : {"clip", "controller", "controller-real", "restorer", "restorer-fine"})
    EXPECT_NO_THROW(read_train_config(std::string("configs/compact-") + name + ".toml")) << name;
}

}  // namespace
}  // namespace daclip
