// Restoring by the findings of a damage network.
#include <gtest/gtest.h>

#include "core/error.h"
#include "engine/native_backend.h"
#include "pipeline/restore_pipeline.h"
#include "pipeline/temp_folder.h"
#include "pipeline/test_photo.h"
#include "pipeline/tiny_model.h"

namespace daclip {
namespace {

class RestoreFindings : public testing::Test {
 protected:
  RestoreResult restore(const Image& photo, const std::vector<std::pair<std::string, float>>& log_odds,
                        const RestoreOptions& options = {}) {
    NamedArrays arrays = test::tiny_model(test::tiny_damage_config());
    test::set_findings(arrays, log_odds);
    write_safetensors(folder_ / "model.safetensors", arrays);
    model_ = load_model(backend_, read_model_file(folder_ / "model.safetensors"));
    return RestorePipeline(backend_, model_).restore(photo, options);
  }

  test::TempFolder folder_;
  NativeBackend backend_;
  LoadedModel model_;
  const Image photo_ = test::test_photo(96, 80);
};

TEST_F(RestoreFindings, a_photo_without_findings_comes_back_as_it_was) {
  const RestoreResult result = restore(photo_, {{"hazy", -1.f}});
  EXPECT_TRUE(result.untouched);
  EXPECT_EQ(result.image.data, photo_.data);
  EXPECT_TRUE(result.repairs.empty());
  ASSERT_EQ(result.recognition.findings.size(), size_t(kDegradationCount));
  EXPECT_EQ(result.recognition.findings.front().label, "hazy");
  EXPECT_EQ(result.recognition.predictions.front().label, kCleanLabel);
}

TEST_F(RestoreFindings, every_kind_that_is_found_is_repaired_in_one_pass) {
  const RestoreResult result = restore(photo_, {{"hazy", 4.f}, {"noisy", 5.f}});
  ASSERT_EQ(result.repairs.size(), 1u);
  EXPECT_EQ(result.repairs[0], (std::vector<std::string>{"noisy", "hazy"}));
  EXPECT_EQ(result.degradation, "noisy");
  EXPECT_FALSE(result.unsure);
  EXPECT_NE(result.image.data, photo_.data);
}

TEST_F(RestoreFindings, weak_evidence_changes_the_photo_less) {
  const auto change = [&](const RestoreResult& result) { return test::psnr(to_rgb(result.image), to_rgb(photo_)); };
  const RestoreResult weak = restore(photo_, {{"noisy", 0.1f}}), strong = restore(photo_, {{"noisy", 6.f}});
  EXPECT_TRUE(weak.unsure);
  EXPECT_GT(change(weak), change(strong));
}

TEST_F(RestoreFindings, a_pass_that_leaves_as_much_damage_is_taken_back) {
  RestoreOptions options;
  const Image once = restore(photo_, {{"noisy", 5.f}}, options).image;
  options.passes = 3;
  const RestoreResult result = restore(photo_, {{"noisy", 5.f}}, options);
  EXPECT_EQ(result.repairs.size(), 1u);
  EXPECT_EQ(result.image.data, once.data);
}

TEST_F(RestoreFindings, white_that_may_belong_to_the_picture_is_never_painted) {
  Image print = photo_;
  for (int y = 0; y < print.height; ++y)
    for (int x = 0; x < print.width; ++x)
      if (x < 8 || y < 8 || x >= print.width - 8 || y >= print.height - 8)
        for (int c = 0; c < 3; ++c) print.data[size_t(y * print.width + x) * 3 + size_t(c)] = 255;
  const RestoreResult result = restore(print, {{"uncompleted", 6.f}});
  EXPECT_TRUE(result.untouched);
  EXPECT_EQ(result.image.data, print.data);
}

TEST_F(RestoreFindings, a_black_frame_comes_back_black) {
  Image black = photo_;
  std::ranges::fill(black.data, uint8_t(0));
  EXPECT_TRUE(restore(black, {{"low-light", 6.f}}).untouched);
}

TEST_F(RestoreFindings, a_chosen_degradation_is_repaired_in_full_whatever_was_found) {
  RestoreOptions options;
  options.degradation = "rainy";
  const RestoreResult result = restore(photo_, {}, options);
  EXPECT_FALSE(result.untouched);
  ASSERT_EQ(result.repairs.size(), 1u);
  EXPECT_EQ(result.repairs[0], std::vector<std::string>{"rainy"});
}

TEST_F(RestoreFindings, refuses_passes_out_of_range) {
  RestoreOptions options;
  options.passes = 4;
  EXPECT_THROW(restore(photo_, {}, options), UsageError);
}

}  // namespace
}  // namespace daclip
