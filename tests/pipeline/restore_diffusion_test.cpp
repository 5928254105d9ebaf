// Restoration with diffusion models, with chosen contexts and without CLIP.
#include <gtest/gtest.h>

#include "core/error.h"
#include "engine/native_backend.h"
#include "image/pixels.h"
#include "pipeline/restore_pipeline.h"
#include "pipeline/temp_folder.h"
#include "pipeline/test_photo.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

using Source = EmbeddingChoice::Source;

class DiffusionRestorer : public testing::Test {
 protected:
  DiffusionRestorer() : model_(loaded(test::tiny_diffusion_config())) {}

  LoadedModel loaded(const ModelConfig& config) {
    write_safetensors(folder_ / "model.safetensors", test::tiny_model(config));
    return load_model(backend_, read_model_file(folder_ / "model.safetensors"));
  }

  static RestoreOptions few_steps() {
    RestoreOptions options;
    options.degradation = "noisy";
    options.sampler.steps = 3;
    return options;
  }

  RestoreResult restore(const Image& image, const RestoreOptions& options = few_steps()) {
    return RestorePipeline(backend_, model_).restore(image, options);
  }

  test::TempFolder folder_;
  NativeBackend backend_{{.threads = 1}};
  LoadedModel model_;
};

TEST_F(DiffusionRestorer, keeps_every_small_size) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {7, 1}, {2, 3}, {3, 3}, {17, 31}, {8, 100}}) {
    const RestoreResult result = restore(test::test_photo(width, height));
    EXPECT_EQ(result.image.width, width);
    EXPECT_EQ(result.image.height, height);
  }
}

TEST_F(DiffusionRestorer, the_seed_determines_every_byte) {
  const Image photo = test::test_photo(50, 30);
  for (const std::string_view name : sampler_names()) {
    RestoreOptions options = few_steps();
    options.sampler.sampler = name;
    const Image first = restore(photo, options).image;
    EXPECT_EQ(restore(photo, options).image.data, first.data) << name;
    options.sampler.seed = 1;
    EXPECT_NE(restore(photo, options).image.data, first.data) << name;
  }
}

TEST_F(DiffusionRestorer, tiles_share_one_noise_field) {
  const Image photo = test::test_photo(260, 90);
  RestoreOptions whole = few_steps(), tiled = few_steps();
  whole.tile = 512;
  tiled.tile = 128;
  tiled.overlap = 32;
  const RestoreResult a = restore(photo, whole), b = restore(photo, tiled);
  EXPECT_EQ(a.tiles, 1);
  EXPECT_GT(b.tiles, 1);
  whole.sampler.seed = 1;
  const double tiling = test::psnr(to_rgb(a.image), to_rgb(b.image));
  EXPECT_GT(tiling, 30);
  EXPECT_GT(tiling, test::psnr(to_rgb(a.image), to_rgb(restore(photo, whole).image)) + 6);
}

TEST_F(DiffusionRestorer, reports_its_evaluations_and_its_progress) {
  RestoreOptions options = few_steps();
  options.tile = 64;
  std::vector<double> told;
  const RestoreResult result =
      RestorePipeline(backend_, model_).restore(test::test_photo(100, 40), options, [&](double share) {
        told.push_back(share);
      });
  EXPECT_EQ(result.evaluations, 3);
  EXPECT_EQ(told.size(), size_t(result.evaluations * result.tiles));
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_NEAR(told.back(), 1, 1e-12);
  options.sampler.steps = 0;
  options.tile = 0;
  EXPECT_EQ(restore(test::test_photo(16, 16), options).evaluations, kFewSteps);
  options.sampler.sampler = "posterior";
  EXPECT_EQ(restore(test::test_photo(8, 8), options).evaluations, 100);
}

TEST_F(DiffusionRestorer, each_context_affects_the_result_and_can_be_chosen) {
  const Image photo = test::test_photo_as(40, 30, 3, 16);  // 16 bits resolve small differences
  const Image plain = restore(photo).image;
  const std::vector<float> embedding(16, 0.4f);
  const auto changes = [&](const auto& choose) {
    RestoreOptions options = few_steps();
    choose(options);
    return restore(photo, options).image.data != plain.data;
  };
  EXPECT_FALSE(changes([](RestoreOptions&) {}));
  EXPECT_TRUE(changes([](RestoreOptions& o) { o.degradation = "hazy"; }));
  EXPECT_TRUE(changes([](RestoreOptions& o) { o.conditioning.content = {Source::zero, {}}; }));
  EXPECT_TRUE(changes([&](RestoreOptions& o) { o.conditioning.content = {Source::words, embedding}; }));
  EXPECT_TRUE(changes([&](RestoreOptions& o) { o.conditioning.content = {Source::image, embedding}; }));
  EXPECT_TRUE(changes([](RestoreOptions& o) {
    o.degradation.clear();
    o.conditioning.degradation = {Source::zero, {}};
  }));
  EXPECT_TRUE(changes([&](RestoreOptions& o) {
    o.degradation.clear();
    o.conditioning.degradation = {Source::words, embedding};
  }));
}

TEST_F(DiffusionRestorer, a_label_equals_its_embedding_given_as_words) {
  const Image photo = test::test_photo_as(40, 30, 3, 16);
  RestoreOptions words = few_steps();
  words.degradation.clear();
  const std::span<const float> label = model_.label_embedding(model_.label_index("noisy"));
  words.conditioning.degradation = {Source::words, {label.begin(), label.end()}};
  EXPECT_EQ(restore(photo, words).image.data, restore(photo).image.data);
}

TEST_F(DiffusionRestorer, a_mask_limits_changes_to_its_holes) {
  const Image photo = test::test_photo(40, 30);
  RestoreOptions options = few_steps();
  options.mask = Mask{40, 30, std::vector<uint8_t>(40 * 30, 1)};
  options.mask->keep[15 * 40 + 20] = 0;
  const Image result = restore(photo, options).image;
  constexpr size_t kHole = 15 * 40 + 20;
  EXPECT_NE(result.data[3 * kHole], photo.data[3 * kHole]);
  for (size_t i = 0; i < photo.data.size(); ++i) ASSERT_TRUE(i / 3 == kHole || result.data[i] == photo.data[i]) << i;
}

TEST_F(DiffusionRestorer, invalid_options_are_refused) {
  const Image photo = test::test_photo(20, 20);
  RestoreOptions options = few_steps();
  options.sampler.steps = 101;
  EXPECT_THROW(restore(photo, options), UsageError);
  options = few_steps();
  options.conditioning.degradation = {Source::zero, {}};  // conflicts with a degradation given by name
  EXPECT_THROW(restore(photo, options), UsageError);
  options = few_steps();
  options.conditioning.content = {Source::words, std::vector<float>(3, 1.f)};
  EXPECT_THROW(restore(photo, options), UsageError);
}

TEST_F(DiffusionRestorer, automatic_tiles_respect_the_memory_limit) {
  const RestorePipeline restorer(backend_, model_);
  EXPECT_EQ(restorer.automatic_tile(1024, uint64_t(64) << 30), 1024);
  EXPECT_LT(restorer.automatic_tile(1024, 64u << 20), 512);
  EXPECT_GE(restorer.automatic_tile(1024, 1), kSmallestTile);
}

TEST_F(DiffusionRestorer, a_network_without_clip_restores_and_refuses_conditioning) {
  ModelConfig diffusion = test::tiny_diffusion_config(), direct = test::tiny_config();
  for (ModelConfig* config : {&diffusion, &direct}) {
    test::remove_clip(*config);
    model_ = loaded(*config);
    const Image photo = test::test_photo(40, 30);
    RestoreOptions options;
    const RestoreResult result = restore(photo, options);
    EXPECT_NE(result.image.data, photo.data);
    EXPECT_EQ(result.degradation, "");
    EXPECT_TRUE(result.recognition.predictions.empty());
    options.degradation = "noisy";
    EXPECT_THROW(restore(photo, options), UsageError);
    options.degradation.clear();
    options.conditioning.content = {Source::zero, {}};
    EXPECT_THROW(restore(photo, options), UsageError);
  }
}

}  // namespace
}  // namespace daclip
