// Restoring with experts for some kinds of damage.
#include <gtest/gtest.h>

#include "engine/native_backend.h"
#include "metrics/psnr.h"
#include "model/experts.h"
#include "pipeline/restore_pipeline.h"
#include "pipeline/temp_folder.h"
#include "pipeline/test_photo.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

class RestoreExperts : public testing::Test {
 protected:
  RestoreExperts() { load({{"hazy", 4.f}, {"noisy", 5.f}, {"rainy", 3.f}}); }

  // A model that finds these kinds, and an expert for noise.
  void load(const std::vector<std::pair<std::string, float>>& log_odds) {
    NamedArrays arrays = test::tiny_model(test::tiny_damage_config());
    test::set_findings(arrays, log_odds);
    write_safetensors(folder_ / "model.safetensors", arrays);
    base_ = load_model(backend_, read_model_file(folder_ / "model.safetensors"));
    ModelConfig config = test::tiny_config();
    test::remove_clip(config);
    write_safetensors(folder_ / "expert.safetensors", test::tiny_model(config, 7));
    file_ = std::make_shared<ModelFile>(read_model_file(folder_ / "expert.safetensors"));
    model_ = base_;
    model_.experts["noisy"] = {std::make_shared<Expert>(file_)};
    expert_ = load_model(backend_, *file_);
  }

  RestoreResult restore(const LoadedModel& model, const Image& photo, const RestoreOptions& options = {}) {
    return RestorePipeline(backend_, model).restore(photo, options);
  }

  test::TempFolder folder_;
  NativeBackend backend_;
  std::shared_ptr<const ModelFile> file_;
  LoadedModel base_, model_, expert_;
  const Image photo_ = test::test_photo(96, 80);
};

TEST_F(RestoreExperts, a_kind_with_an_expert_is_repaired_by_it_and_the_others_together_afterwards) {
  const RestoreResult result = restore(model_, photo_);
  ASSERT_EQ(result.repairs.size(), 2u);
  EXPECT_EQ(result.repairs[0], std::vector<std::string>{"noisy"});
  EXPECT_EQ(result.repairs[1], (std::vector<std::string>{"rainy", "hazy"}));
  EXPECT_NE(result.image.data, restore(base_, photo_).image.data);
}

TEST_F(RestoreExperts, a_chosen_degradation_goes_to_its_expert_alone) {
  RestoreOptions noise, haze;
  noise.degradation = "noisy";
  haze.degradation = "hazy";
  const RestoreResult result = restore(model_, photo_, noise);
  EXPECT_EQ(result.image.data, restore(expert_, photo_).image.data);
  EXPECT_EQ(result.repairs, (std::vector<std::vector<std::string>>{{"noisy"}}));
  EXPECT_EQ(restore(model_, photo_, haze).image.data, restore(base_, photo_, haze).image.data);
}

// A darker network beside the model's own, made an expert, is far from the model's own result; a copy of the latter is
// as near as can be.
TEST_F(RestoreExperts, of_several_the_one_nearest_to_the_models_own_result_is_taken) {
  const auto expert = [&](const char* name, float shift) {
    ModelConfig config = test::tiny_config();
    test::remove_clip(config);
    NamedArrays arrays = test::tiny_model(config, 8);
    for (auto& [tensor, array] : arrays.arrays)
      if (tensor == "restorer.ending.bias") array = make_array(std::vector<float>(array.numel(), shift), array.shape);
    write_safetensors(folder_ / name, arrays);
    return std::make_shared<ModelFile>(read_model_file(folder_ / name));
  };
  const auto near = expert("near.safetensors", 0), far = expert("far.safetensors", -0.5f);
  RestoreOptions options;
  options.degradation = "noisy";
  const Image own = restore(base_, photo_, options).image;
  const Image wanted = restore(load_model(backend_, *near), photo_).image;
  ASSERT_GT(psnr(wanted, own), psnr(restore(load_model(backend_, *far), photo_).image, own));
  for (const bool first : {true, false}) {
    model_.experts["noisy"] = {std::make_shared<Expert>(first ? near : far),
                               std::make_shared<Expert>(first ? far : near)};
    EXPECT_EQ(restore(model_, photo_, options).image.data, wanted.data);
    EXPECT_EQ(restore(model_, photo_).repairs.front(), std::vector<std::string>{"noisy"});
  }
}

TEST_F(RestoreExperts, an_embedding_in_place_of_a_label_steers_the_models_own_network) {
  RestoreOptions options;
  options.conditioning.degradation = {EmbeddingChoice::Source::words, std::vector<float>(16, 0.1f)};
  EXPECT_EQ(restore(model_, photo_, options).image.data, restore(base_, photo_, options).image.data);
}

TEST_F(RestoreExperts, progress_runs_once_over_all_networks) {
  double last = 0;
  RestorePipeline(backend_, model_).restore(photo_, {}, [&](double share) {
    EXPECT_GE(share, last);
    last = share;
  });
  EXPECT_DOUBLE_EQ(last, 1);
}

}  // namespace
}  // namespace daclip
