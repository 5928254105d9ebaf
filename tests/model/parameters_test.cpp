// Parameter counts of the published networks, computed from shapes alone as in `daclip info`.
#include <gtest/gtest.h>

#include "model/model.h"
#include "nets/unet.h"

namespace daclip {
namespace {

ModelFile shapes_of(const ModelConfig& config) {
  ModelFile file;
  file.config = config;
  const auto add = [&](const std::string& prefix, const std::vector<WeightSpec>& specs) {
    for (const WeightSpec& spec : specs) file.arrays.arrays[prefix + spec.name].shape = spec.shape;
  };
  if (config.clip) add("daclip.", clip_weights(config));
  add("restorer.", restorer_weights(config));
  return file;
}

TEST(Parameters, of_daclip_b32_and_the_universal_unet_are_the_published_ones) {
  ModelConfig config;
  config.clip.emplace();
  config.text_tower = true;
  config.restorer = make_unet({});
  const ModelFile file = shapes_of(config);
  EXPECT_EQ(file.parameters("daclip.clip.visual."), 87'849'216);
  EXPECT_EQ(file.parameters("daclip.visual_control."), 94'936'320);
  EXPECT_EQ(file.parameters_of_layers(), 125'223'936);  // the paper's "+125.2M"
  EXPECT_EQ(file.parameters("restorer."), 48'975'747);
}

TEST(Parameters, of_the_unet_depend_on_its_contexts_and_variant) {
  const auto count = [](UnetConfig unet) {
    ModelConfig config;
    config.restorer = make_unet(unet);
    return shapes_of(config).parameters("restorer.");
  };
  EXPECT_EQ(count({.degradation_dim = 0, .content_dim = 0}), 36'236'419);
  EXPECT_EQ(count({.degradation_dim = 0}), 48'712'579);
  EXPECT_EQ(count({.content_dim = 0}), 36'499'587);
  EXPECT_EQ(count({.degradation_dim = 0, .content_dim = 768, .half_scale = true}), 49'470'467);
}

TEST(Parameters, of_plain_clip_exclude_the_controller_and_its_temperature) {
  ModelConfig config;
  config.clip.emplace();
  config.controller = false;
  config.text_tower = true;
  const ModelFile file = shapes_of(config);
  EXPECT_EQ(file.parameters("daclip.visual_control."), 0);
  EXPECT_FALSE(file.arrays.has("daclip.logit_scale"));
  EXPECT_EQ(file.parameters("daclip."), 151'277'313);  // ViT-B/32 of OpenAI and open_clip
}

}  // namespace
}  // namespace daclip
