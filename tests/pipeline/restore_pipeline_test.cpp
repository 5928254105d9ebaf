#include "pipeline/restore_pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "core/labels.h"
#include "engine/native_backend.h"
#include "image/orientation.h"
#include "image/pixels.h"
#include "pipeline/temp_folder.h"
#include "pipeline/test_photo.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

class RestorePipelineTest : public testing::Test {
 protected:
  RestorePipelineTest() : RestorePipelineTest(test::tiny_model()) {}
  explicit RestorePipelineTest(const NamedArrays& arrays) { load(arrays); }

  void load(const NamedArrays& arrays) {
    write_safetensors(folder_ / "model.safetensors", arrays);
    model_ = load_model(backend_, read_model_file(folder_ / "model.safetensors"));
  }

  RestoreResult restore(const Image& image, RestoreOptions options = {}) {
    if (options.degradation.empty() && !options.mask) options.degradation = "noisy";
    return RestorePipeline(backend_, model_).restore(image, options);
  }

  test::TempFolder folder_;
  NativeBackend backend_;
  LoadedModel model_;
};

TEST_F(RestorePipelineTest, tiled_equals_whole_within_45_dB) {
  const Image photo = test::test_photo(900, 700);
  RestoreOptions whole, tiled;
  whole.tile = 1024;
  tiled.tile = 576;
  const RestoreResult a = restore(photo, whole), b = restore(photo, tiled);
  EXPECT_EQ(a.tiles, 1);
  EXPECT_EQ(b.tiles, 4);
  EXPECT_NE(a.image.data, photo.data);
  EXPECT_GT(test::psnr(to_rgb(a.image), to_rgb(b.image)), 45);
}

// Half of the photo is dark and channel attention is amplified, so that tiles with separate means reach only 37 dB.
TEST_F(RestorePipelineTest, tiles_share_the_photos_channel_means) {
  NamedArrays arrays = test::tiny_model();
  for (auto& [name, array] : arrays.arrays)
    if (name.starts_with("restorer.") && (name.ends_with(".beta") || name.ends_with(".sca.1.weight"))) {
      std::vector<float> values = array.to_floats();
      for (float& v : values) v *= 12;
      array = make_array(values, array.shape, ArrayType::f16);
    }
  load(arrays);
  Image photo = test::test_photo(640, 320);
  for (int y = 0; y < photo.height; ++y)
    for (int i = 0; i < 320 * 3; ++i) photo.data[size_t(y) * 640 * 3 + size_t(i)] /= 12;
  RestoreOptions whole, tiled;
  whole.tile = 640;
  tiled.tile = 320;
  const RestoreResult a = restore(photo, whole), b = restore(photo, tiled);
  EXPECT_GT(b.tiles, 1);
  EXPECT_GT(test::psnr(to_rgb(a.image), to_rgb(b.image)), 45);
}

// Zero padding, which does not occur in training, would darken the channel means.
TEST_F(RestorePipelineTest, other_sides_than_multiples_are_padded_by_reflection) {
  ModelConfig config = test::tiny_config();
  NafnetConfig network = test::tiny_nafnet();
  network.content_dim = 0;  // the padded photo has a different embedding
  config.restorer = make_nafnet(network);
  load(test::tiny_model(config));
  const FloatImage photo = test::test_scene(45, 35);
  const Image small = restore(from_rgb(photo)).image, large = restore(from_rgb(continued(photo, 48, 40))).image;
  EXPECT_EQ(rgb_region(small, 0, 0, 45, 35).data, rgb_region(large, 0, 0, 45, 35).data);
}

TEST_F(RestorePipelineTest, two_views_are_the_mean_of_the_photo_and_its_half_turn) {
  ModelConfig config = test::tiny_config();
  NafnetConfig network = test::tiny_nafnet();
  network.content_dim = 0;  // the rotated photo has a different embedding
  config.restorer = make_nafnet(network);
  load(test::tiny_model(config));
  const Image photo = test::test_photo(41, 27);
  RestoreOptions twice;
  twice.views = 2;
  const Image one = restore(photo).image, other = upright(restore(upright(photo, 3)).image, 3);
  const Image both = restore(photo, twice).image;
  for (size_t i = 0; i < photo.samples(); ++i) ASSERT_EQ(both.data[i], (one.data[i] + other.data[i] + 1) / 2);
}

TEST_F(RestorePipelineTest, progress_over_views_and_tiles_increases_to_one) {
  RestoreOptions options;
  options.degradation = "noisy";
  options.views = 2;
  options.tile = 128;
  double last = 0;
  RestorePipeline(backend_, model_).restore(test::test_photo(200, 150), options, [&](double share) {
    EXPECT_GT(share, last);
    last = share;
  });
  EXPECT_DOUBLE_EQ(last, 1);
}

TEST_F(RestorePipelineTest, keeps_every_small_size) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {7, 1}, {3, 3}, {17, 31}, {8, 200}}) {
    const RestoreResult result = restore(test::test_photo(width, height));
    EXPECT_EQ(result.image.width, width);
    EXPECT_EQ(result.image.height, height);
  }
}

TEST_F(RestorePipelineTest, depth_grey_alpha_profile_and_exif_are_kept) {
  for (const int bits : {8, 16})
    for (const int channels : {1, 2, 3, 4}) {
      Image photo = test::test_photo_as(40, 30, channels, bits);
      photo.icc = {1, 2, 3};
      photo.metadata.exif = {4, 5};
      const Image result = restore(photo).image;
      EXPECT_EQ(result.channels, channels);
      EXPECT_EQ(result.bits, bits);
      EXPECT_EQ(result.icc, photo.icc);
      EXPECT_EQ(result.metadata.exif, photo.metadata.exif);
      ASSERT_EQ(result.data.size(), photo.data.size());
      if (!photo.has_alpha()) continue;
      const size_t last = size_t(channels) - 1;
      for (size_t i = 0; i < 40u * 30u; ++i) {
        const size_t at = i * size_t(channels) + last;
        ASSERT_EQ(bits == 8 ? result.data[at] : result.data16()[at], bits == 8 ? photo.data[at] : photo.data16()[at]);
      }
    }
}

TEST_F(RestorePipelineTest, sixteen_bit_photos_keep_more_than_256_levels) {
  const Image result = restore(test::test_photo_as(64, 64, 3, 16)).image;
  size_t between = 0;
  for (size_t i = 0; i < result.samples(); ++i) between += result.data16()[i] % 257 != 0;
  EXPECT_GT(between, result.samples() / 2);
}

TEST_F(RestorePipelineTest, strength_zero_returns_the_input_and_half_lies_between) {
  const Image photo = test::test_photo(100, 80);
  RestoreOptions none, half;
  none.strength = 0;
  half.strength = 0.5f;
  EXPECT_EQ(restore(photo, none).image.data, photo.data);
  const Image full = restore(photo).image, blend = restore(photo, half).image;
  for (size_t i = 0; i < photo.data.size(); ++i) ASSERT_NEAR(blend.data[i], (photo.data[i] + full.data[i]) / 2.0, 1.01);
}

TEST_F(RestorePipelineTest, a_mask_limits_changes_to_its_holes) {
  const Image photo = test::test_photo(60, 50);
  RestoreOptions options;
  options.mask = Mask{60, 50, std::vector<uint8_t>(60 * 50, 1)};
  for (int y = 20; y < 30; ++y)
    for (int x = 10; x < 40; ++x) options.mask->keep[size_t(y * 60 + x)] = 0;
  const RestoreResult result = restore(photo, options);
  EXPECT_EQ(result.degradation, "uncompleted");
  const FloatImage before = to_rgb(photo), after = to_rgb(result.image);
  bool changed = false;
  for (int y = 0; y < 50; ++y)
    for (int x = 0; x < 60; ++x)
      for (int c = 0; c < 3; ++c) {
        const bool differs = before.at(x, y, c) != after.at(x, y, c);
        ASSERT_FALSE(differs && options.mask->keep[size_t(y * 60 + x)]);
        changed |= differs;
      }
  EXPECT_TRUE(changed);
}

TEST_F(RestorePipelineTest, pixels_inside_a_hole_have_no_influence) {
  Image photo = test::test_photo(60, 50), other = photo;
  RestoreOptions options;
  options.mask = Mask{60, 50, std::vector<uint8_t>(60 * 50, 1)};
  options.mask->keep[25 * 60 + 30] = 0;
  for (int c = 0; c < 3; ++c) other.data[(25 * 60 + 30) * 3 + size_t(c)] ^= 0x55;
  EXPECT_EQ(restore(photo, options).image.data, restore(other, options).image.data);
}

TEST_F(RestorePipelineTest, a_photo_recognised_as_clean_is_returned_unchanged) {
  const Image photo = test::test_photo(90, 70);
  const Conditioning seen = Recogniser(backend_, model_).analyse(photo);
  NamedArrays arrays = test::tiny_model();
  std::vector<float> direction = seen.degradation;
  test::set_label(arrays, model_.config, kClean, direction);
  load(arrays);
  const RestoreResult result = RestorePipeline(backend_, model_).restore(photo);
  EXPECT_TRUE(result.untouched);
  EXPECT_EQ(result.degradation, "clean");
  EXPECT_EQ(result.image.data, photo.data);
  RestoreOptions insist;
  insist.degradation = "noisy";
  EXPECT_NE(restore(photo, insist).image.data, photo.data);
}

TEST_F(RestorePipelineTest, a_photo_recognised_as_clean_is_returned_unchanged_even_if_unsure) {
  const Image photo = test::test_photo(90, 70);
  const std::vector<float> seen = Recogniser(backend_, model_).analyse(photo).degradation;
  NamedArrays arrays = test::tiny_model();
  for (int label = 0; label <= kClean; ++label) test::set_label(arrays, model_.config, label, seen);
  load(arrays);
  model_.config.label_bias.assign(kLabels.size(), 0.f);
  model_.config.label_bias[kClean] = 0.5f;  // probabilities: clean 14 %, each other label 9 %
  const RestoreResult result = RestorePipeline(backend_, model_).restore(photo);
  EXPECT_TRUE(result.untouched);
  EXPECT_EQ(result.image.data, photo.data);
}

TEST_F(RestorePipelineTest, a_flat_picture_is_returned_unchanged_unless_a_degradation_is_chosen) {
  Image black = test::test_photo(64, 48);
  std::ranges::fill(black.data, uint8_t(0));
  const RestoreResult result = RestorePipeline(backend_, model_).restore(black);
  EXPECT_TRUE(result.untouched);
  EXPECT_EQ(result.reason, UntouchedReason::featureless);
  EXPECT_EQ(result.image.data, black.data);
  EXPECT_FALSE(restore(black).untouched);
}

class RestoreHoles : public RestorePipelineTest {
 protected:
  RestoreHoles() { model_.config.label_bias.assign(kLabels.size(), 0.f); }
  // Restores a photo that is recognised as "uncompleted", whatever it shows.
  RestoreResult restore_recognised(const Image& photo) {
    model_.config.label_bias[size_t(label_index(kHolesLabel))] = 1000;
    return RestorePipeline(backend_, model_).restore(photo);
  }
  FloatImage dark_scene() {
    FloatImage scene = test::test_scene(160, 120);
    for (float& v : scene.data) v *= 0.8f;
    return scene;
  }
};

TEST_F(RestoreHoles, white_that_may_belong_to_the_picture_is_never_painted_on_recognition_alone) {
  FloatImage print = dark_scene();
  for (int y = 0; y < 120; ++y)
    for (int x = 0; x < 160; ++x)
      if (x < 12 || y < 12 || x >= 148 || y >= 108)
        for (int c = 0; c < 3; ++c) print.at(x, y, c) = 1;
  const Image photo = from_rgb(print);
  const RestoreResult result = restore_recognised(photo);
  EXPECT_TRUE(result.untouched);
  EXPECT_EQ(result.reason, UntouchedReason::white_areas);
  EXPECT_EQ(result.image.data, photo.data);
}

TEST_F(RestoreHoles, strokes_cut_out_of_a_photo_are_painted_and_nothing_else_is_changed) {
  FloatImage holed = dark_scene();
  for (int stroke = 0; stroke < 12; ++stroke)
    for (int i = 0; i < 40; ++i)
      for (int across = 0; across < 14; ++across)
        for (int c = 0; c < 3; ++c) holed.at(5 + stroke % 4 * 38 + across + i / 3, (stroke / 4 * 40 + i), c) = 1;
  const Image photo = from_rgb(holed);
  const RestoreResult result = restore_recognised(photo);
  EXPECT_FALSE(result.untouched);
  size_t painted = 0;
  for (size_t i = 0; i < photo.pixels(); ++i) {
    const bool hole = holed.data[3 * i] == 1,
               kept = std::equal(&photo.data[3 * i], &photo.data[3 * i] + 3, &result.image.data[3 * i]);
    ASSERT_TRUE(hole || kept);
    painted += !kept;
  }
  EXPECT_GT(painted, 1000u);
}

TEST_F(RestorePipelineTest, a_grey_photo_stored_as_colour_comes_back_grey_in_both_depths) {
  for (const int bits : {8, 16}) {
    FloatImage grey = test::test_scene(60, 50);
    for (size_t i = 0; i < grey.data.size(); ++i) grey.data[i] = grey.data[i / 3 * 3];
    const Image result = restore(test::as_photo(grey, bits)).image;
    const FloatImage after = to_rgb(result);
    for (size_t i = 0; i < after.pixels(); ++i) {
      ASSERT_NEAR(after.data[3 * i], after.data[3 * i + 1], 1.01 / 65535);
      ASSERT_NEAR(after.data[3 * i], after.data[3 * i + 2], 1.01 / 65535);
    }
  }
}

TEST_F(RestorePipelineTest, the_tone_of_a_photo_does_not_touch_what_a_mask_or_strength_zero_keeps) {
  Image photo = test::test_photo(60, 50);
  for (size_t i = 0; i < photo.data.size(); ++i)
    photo.data[i] = uint8_t(std::min(int(photo.data[i / 3 * 3]), 250) + int(i * 7 % 3));  // grey up to JPEG's rounding
  RestoreOptions none, masked;
  none.strength = 0;
  EXPECT_EQ(restore(photo, none).image.data, photo.data);
  masked.mask = Mask{60, 50, std::vector<uint8_t>(60 * 50, 1)};
  EXPECT_EQ(restore(photo, masked).image.data, photo.data);
}

TEST_F(RestorePipelineTest, the_chosen_degradation_affects_the_result) {
  const Image photo = test::test_photo(90, 70);
  RestoreOptions noisy, hazy;
  noisy.degradation = "noisy";
  hazy.degradation = "hazy";
  EXPECT_NE(restore(photo, noisy).image.data, restore(photo, hazy).image.data);
}

TEST_F(RestorePipelineTest, the_same_input_gives_the_same_bytes) {
  const Image photo = test::test_photo(300, 200);
  RestoreOptions options;
  options.tile = 128;
  EXPECT_EQ(restore(photo, options).image.data, restore(photo, options).image.data);
}

TEST_F(RestorePipelineTest, invalid_options_are_refused) {
  const Image photo = test::test_photo(40, 40);
  RestoreOptions options;
  options.degradation = "sharp";
  EXPECT_THROW(restore(photo, options), UsageError);
  options = {};
  options.strength = 1.5f;
  EXPECT_THROW(restore(photo, options), UsageError);
  options = {};
  options.tile = 8;
  EXPECT_THROW(restore(photo, options), UsageError);
  options = {};
  options.mask = Mask{39, 40, std::vector<uint8_t>(39 * 40, 1)};
  EXPECT_THROW(restore(photo, options), UsageError);
}

TEST_F(RestorePipelineTest, automatic_tiles_shrink_with_the_memory_limit) {
  const RestorePipeline restorer(backend_, model_);
  EXPECT_GE(restorer.automatic_tile(1000, 1u << 30), restorer.automatic_tile(1000, 1u << 24));
  EXPECT_GE(restorer.automatic_tile(1000, 1), kSmallestTile);
  EXPECT_GE(restorer.automatic_tile(1000, 1u << 26), restorer.automatic_tile(100'000, 1u << 26));
}

// With label steering the chosen label's embedding is used unchanged, whatever the length of the photo's own.
TEST_F(RestorePipelineTest, with_label_steering_a_chosen_label_restores_like_its_embedding) {
  model_.config.label_steering = true;
  model_.config.logit_scale = 1000;
  const Image photo = test::test_photo(90, 70);
  RestoreOptions by_name, by_embedding;
  by_name.degradation = "hazy";
  const std::span<const float> hazy = model_.label_embedding(model_.label_index("hazy"));
  by_embedding.conditioning.degradation = {EmbeddingChoice::Source::image, {hazy.begin(), hazy.end()}};
  const RestorePipeline restorer(backend_, model_);
  const Image expected = restorer.restore(photo, by_name).image;
  EXPECT_EQ(restorer.restore(photo, by_embedding).image.data, expected.data);
  model_.config.label_steering = false;
  EXPECT_EQ(restorer.restore(photo, by_embedding).image.data, expected.data);
}

}  // namespace
}  // namespace daclip
