#include "nets/clip.h"

#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "ops/counting_backend.h"

namespace daclip {
namespace {

int64_t count(const std::vector<WeightSpec>& specs, const std::string& prefix = "") {
  CountingBackend backend;
  for (const WeightSpec& spec : specs)
    if (spec.name.starts_with(prefix)) backend.parameter(spec.shape);
  return backend.parameters();
}

ClipConfig small() {
  ClipConfig config;
  config.vision = {.image_size = 8, .patch = 4, .width = 6, .layers = 2, .heads = 2};
  config.text = {.context = 5, .vocab = 9, .width = 4, .layers = 1, .heads = 2};
  config.embedding = 3;
  return config;
}

TEST(Clip, towers_have_the_published_parameters) {
  const std::vector<WeightSpec> specs = daclip_weights(ClipConfig(), true, true);
  EXPECT_EQ(count(specs, "clip.visual."), 87'849'216);  // of the published daclip_ViT-B-32.pt
  EXPECT_EQ(count(specs, "visual_control."), 94'936'320);
  EXPECT_EQ(count(specs, "clip."), 151'277'313);  // open_clip's ViT-B/32
}

TEST(Clip, zero_connections_start_at_zero) {
  int found = 0;
  for (const WeightSpec& spec : daclip_weights(small(), true, false))
    if (spec.name.find("zero_modules") != std::string::npos) {
      EXPECT_EQ(spec.init, WeightSpec::Init::zeros);
      ++found;
    }
  EXPECT_EQ(found, 4);
}

void expect_weights_to_be_those_asked_for(const ClipConfig& config) {
  CountingBackend backend;
  Weights weights;
  for (const WeightSpec& spec : daclip_weights(config, true, true))
    EXPECT_TRUE(weights.emplace(spec.name, backend.parameter(spec.shape)).second) << spec.name;
  const Tensor image = backend.activation({2, 8, 8, 3});
  const std::vector<int64_t> ids = {7, 1, 8, 0, 0, 7, 8, 0, 0, 0};
  const auto run = [&](const Weights& some) {
    const ImageFeatures features = encode_image_controlled(backend, config, Scope(some), image);
    EXPECT_EQ(features.content.shape(), (Shape{2, 3}));
    EXPECT_EQ(features.degradation.shape(), (Shape{2, 3}));
    EXPECT_EQ(features.hidden.size(), 2u);
    EXPECT_EQ(features.hidden[0].shape(), (Shape{2, 5, 6}));
    EXPECT_EQ(encode_text(backend, config, Scope(some) / "clip", ids).shape(), (Shape{2, 3}));
  };
  run(weights);
  for (const auto& [name, tensor] : weights) {
    if (name.ends_with("logit_scale")) continue;  // used only by the loss
    Weights fewer = weights;
    fewer.erase(name);
    EXPECT_THROW(run(fewer), WeightsError) << name;
  }
}

TEST(Clip, weight_names_are_unique_and_match_the_forward_pass) { expect_weights_to_be_those_asked_for(small()); }

TEST(Clip, the_controllers_stem_adds_its_weights) {
  ClipConfig config = small();
  config.control_stem = {3, 5};
  expect_weights_to_be_those_asked_for(config);
  const int64_t stem = 3 * 27 + 3 + 5 * 27 + 5 + 6 * 5;  // two convolutions, then 1x1 to the width
  EXPECT_EQ(count(daclip_weights(config, true, false)), count(daclip_weights(small(), true, false)) + stem);
}

TEST(Clip, refuses_a_stem_that_does_not_fit_the_patch_size) {
  ClipConfig config = small();
  config.control_stem = {3, 3, 3};
  EXPECT_THROW(daclip_weights(config, true, false), UsageError);
}

TEST(Clip, refuses_images_and_texts_of_another_size) {
  const ClipConfig config = small();
  CountingBackend backend;
  Weights weights;
  for (const WeightSpec& spec : daclip_weights(config, true, true))
    weights.emplace(spec.name, backend.parameter(spec.shape));
  EXPECT_THROW(encode_image_controlled(backend, config, Scope(weights), backend.activation({1, 9, 8, 3})), ShapeError);
  const std::vector<int64_t> ids(7);
  EXPECT_THROW(encode_text(backend, config, Scope(weights) / "clip", ids), ShapeError);
  EXPECT_THROW(encode_text(backend, config, Scope(weights) / "clip", {}), ShapeError);
  ClipConfig odd = config;
  odd.vision.heads = 4;
  EXPECT_THROW(daclip_weights(odd, true, true), UsageError);
}

}  // namespace
}  // namespace daclip
