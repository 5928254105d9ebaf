#include "nets/restormer.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
#include "nets/registry.h"
#include "ops/counting_backend.h"

namespace daclip {
namespace {

RestormerConfig small(bool prompts) {
  RestormerConfig config{.width = 4, .blocks = {1, 1, 1, 2}, .heads = {1, 2, 2, 4}, .refinement_blocks = 1};
  config.content_dim = 6;
  config.attention_heads = 2;
  config.attention_head_dim = 3;
  if (prompts) {
    config.prompt_channels = {4, 8, 12};
    config.prompt_sides = {8, 4, 2};
    config.prompts = 3;
  }
  return config;
}

Weights uploaded(CountingBackend& backend, const RestormerConfig& config) {
  Weights weights;
  for (const WeightSpec& spec : restormer_weights(config)) weights.emplace(spec.name, backend.parameter(spec.shape));
  return weights;
}

Tensor run(CountingBackend& backend, const RestormerConfig& config, const Weights& weights, const Shape& shape) {
  const Contexts contexts{backend.activation({shape[0], config.content_dim}), {}};
  return restormer(backend, config, Scope(weights), backend.activation(shape), contexts);
}

TEST(Restormer, has_the_papers_parameters_and_multiply_adds) {
  CountingBackend backend;
  const Weights weights = uploaded(backend, {});
  EXPECT_NEAR(double(backend.parameters()) / 1e6, 26.13, 0.005);  // Restormer, Table 7
  restormer(backend, {}, Scope(weights), backend.activation({1, 256, 256, 3}));
  // 140.99 G in the same table, whose tool counts neither the products of the attention nor depth-wise bias.
  EXPECT_NEAR(backend.multiply_adds() / 1e9, 141, 15);
  RecordProperty("gmac", std::to_string(backend.multiply_adds() / 1e9));
}

TEST(PromptIr, has_the_papers_parameters) {
  CountingBackend backend;
  uploaded(backend, promptir_config());
  EXPECT_NEAR(double(backend.parameters()) / 1e6, 35.59, 0.25);  // PromptIR; 0.2 M of them are never used
}

TEST(Restormer, weight_names_are_unique_and_each_weight_is_needed) {
  for (const bool prompts : {false, true}) {
    CountingBackend backend;
    const RestormerConfig config = small(prompts);
    const Weights weights = uploaded(backend, config);
    EXPECT_EQ(weights.size(), restormer_weights(config).size());
    for (const auto& [name, weight] : weights) {
      Weights fewer = weights;
      fewer.erase(name);
      EXPECT_THROW(run(backend, config, fewer, {1, 16, 24, 3}), WeightsError) << name;
    }
  }
}

TEST(Restormer, keeps_any_image_size) {
  CountingBackend backend;
  const Weights weights = uploaded(backend, small(true));
  for (const Shape& shape : {Shape{1, 1, 1, 3}, Shape{1, 8, 8, 3}, Shape{3, 9, 23, 3}, Shape{1, 5, 3, 3}})
    EXPECT_EQ(run(backend, small(true), weights, shape).shape(), shape);
  EXPECT_THROW(run(backend, small(true), weights, {1, 8, 8, 4}), ShapeError);
}

TEST(Restormer, refuses_contexts_that_it_has_no_module_for) {
  CountingBackend backend;
  RestormerConfig plain = small(false);
  plain.content_dim = 0;
  const Weights weights = uploaded(backend, plain);
  const Tensor lq = backend.activation({1, 8, 8, 3}), context = backend.activation({1, 6});
  EXPECT_THROW(restormer(backend, plain, Scope(weights), lq, {context, {}}), UsageError);
  EXPECT_THROW(restormer(backend, plain, Scope(weights), lq, {{}, context}), UsageError);
}

TEST(Restormer, refuses_invalid_configurations) {
  for (const auto& change :
       {+[](RestormerConfig& c) { c.width = 5; },
        +[](RestormerConfig& c) {
          c.heads = {1, 2, 4};
        },
        +[](RestormerConfig& c) { c.heads[1] = 7; }, +[](RestormerConfig& c) { c.prompt_channels.pop_back(); },
        +[](RestormerConfig& c) { c.prompt_sides.clear(); }, +[](RestormerConfig& c) { c.prompt_heads = 7; },
        +[](RestormerConfig& c) { c.expansion = 0; }}) {
    RestormerConfig config = promptir_config();
    change(config);
    EXPECT_THROW(restormer_weights(config), FormatError);
  }
}

NamedArrays arrays_of(const RestormerConfig& config) {
  NamedArrays arrays;
  for (const WeightSpec& spec : restormer_weights(config)) {
    int64_t count = 1;
    for (const int64_t d : spec.shape) count *= d;
    arrays.arrays.emplace(spec.name, make_array(std::vector<float>(size_t(count)), spec.shape));
  }
  return arrays;
}

TEST(Restormer, is_detected_from_the_shapes_of_a_checkpoint) {
  for (const bool prompts : {false, true})
    for (const bool biased : {false, true})
      for (const double expansion : {2.66, 2.0}) {
        RestormerConfig config = small(prompts);
        config.width = prompts ? 6 : 12;
        config.content_dim = 0;
        config.bias = biased;
        config.norm_bias = !biased;
        config.expansion = expansion;
        const NamedArrays arrays = arrays_of(config);
        const NetworkType* type = matching_network_type(arrays);
        ASSERT_TRUE(type);
        EXPECT_EQ(type->name, prompts ? "promptir" : "restormer");
        std::vector<std::pair<std::string, Shape>> expected, found;
        for (const WeightSpec& spec : restormer_weights(config)) expected.emplace_back(spec.name, spec.shape);
        for (const WeightSpec& spec : type->detect(arrays, "file")->weights())
          found.emplace_back(spec.name, spec.shape);
        EXPECT_EQ(found, expected);
      }
}

TEST(PromptIr, names_the_tensors_that_published_checkpoints_hold_in_vain) {
  const auto unused = network_type("promptir").unused;
  ASSERT_TRUE(unused);
  EXPECT_TRUE(unused("chnl_reduce1.weight"));
  EXPECT_TRUE(unused("reduce_noise_channel_3.weight"));
  for (const WeightSpec& spec : restormer_weights(promptir_config())) EXPECT_FALSE(unused(spec.name)) << spec.name;
}

}  // namespace
}  // namespace daclip
