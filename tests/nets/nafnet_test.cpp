#include "nets/nafnet.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/error.h"
#include "ops/counting_backend.h"

namespace daclip {
namespace {

Weights uploaded(CountingBackend& backend, const std::vector<WeightSpec>& specs) {
  Weights weights;
  for (const WeightSpec& spec : specs) weights.emplace(spec.name, backend.parameter(spec.shape));
  return weights;
}

int64_t count(const std::vector<WeightSpec>& specs) {
  CountingBackend backend;
  uploaded(backend, specs);
  return backend.parameters();
}

NafnetConfig steered() {
  NafnetConfig config;
  config.degradation_dim = config.content_dim = 512;
  return config;
}

TEST(Nafnet, has_the_published_parameters_and_multiply_adds) {
  const NafnetConfig config;
  CountingBackend backend;
  const Weights weights = uploaded(backend, nafnet_weights(config));
  EXPECT_EQ(backend.parameters(), 67'888'835);  // published: 67.89 M
  nafnet(backend, config, Scope(weights), backend.activation({1, 256, 256, 3}));
  EXPECT_NEAR(backend.multiply_adds() / 1e9, 63.6, 0.7);  // published: 63.6, by a tool that also counts norms
  RecordProperty("gmac", std::to_string(backend.multiply_adds() / 1e9));
}

TEST(Nafnet, with_contexts_has_the_papers_parameters_within_two_percent) {
  const int64_t parameters = count(nafnet_weights(steered()));
  EXPECT_NEAR(double(parameters) / 86.1e6, 1, 0.02);
  RecordProperty("parameters", std::to_string(parameters));
}

TEST(Nafnet, weight_names_are_unique_and_match_the_forward_pass) {
  NafnetConfig config = steered();
  config.encoder_blocks = {1, 2};
  config.decoder_blocks = {2, 1};
  config.unshuffle = 2;
  const std::vector<WeightSpec> specs = nafnet_weights(config);
  std::set<std::string> names;
  for (const WeightSpec& spec : specs) EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
  CountingBackend backend;
  const Weights weights = uploaded(backend, specs);
  const Tensor lq = backend.activation({2, 17, 30, 3});
  const Contexts contexts{backend.activation({2, 512}), backend.activation({2, 512})};
  EXPECT_EQ(nafnet(backend, config, Scope(weights), lq, contexts).shape(), lq.shape());
  for (const std::string& name : names) {  // each weight is required
    Weights fewer = weights;
    fewer.erase(name);
    EXPECT_THROW(nafnet(backend, config, Scope(fewer), lq, contexts), WeightsError) << name;
  }
}

TEST(Nafnet, keeps_any_image_size) {
  const NafnetConfig config{.width = 4, .encoder_blocks = {1, 1}, .decoder_blocks = {1, 1}, .unshuffle = 2};
  EXPECT_EQ(config.multiple(), 8);
  CountingBackend backend;
  const Weights weights = uploaded(backend, nafnet_weights(config));
  for (const Shape& shape : {Shape{1, 1, 1, 3}, Shape{1, 8, 8, 3}, Shape{3, 9, 23, 3}})
    EXPECT_EQ(nafnet(backend, config, Scope(weights), backend.activation(shape)).shape(), shape);
}

TEST(Nafnet, calls_the_given_pooling_once_per_block_in_order) {
  NafnetConfig config;
  config.width = 4;
  config.encoder_blocks = {2, 1};
  config.decoder_blocks = {1, 1};
  CountingBackend backend;
  const Weights weights = uploaded(backend, nafnet_weights(config));
  std::vector<int64_t> channels;
  const Pooling pooling = [&](const Tensor& x) {
    channels.push_back(x.dim(3));
    return backend.global_mean(x);
  };
  nafnet(backend, config, Scope(weights), backend.activation({1, 16, 16, 3}), {}, pooling);
  EXPECT_EQ(channels, (std::vector<int64_t>{4, 4, 8, 16, 8, 4}));
}

TEST(Nafnet, refuses_contexts_without_a_module_or_of_another_length) {
  const NafnetConfig plain{.width = 4, .encoder_blocks = {1}, .decoder_blocks = {1}};
  CountingBackend backend;
  const Tensor lq = backend.activation({1, 8, 8, 3});
  const Weights weights = uploaded(backend, nafnet_weights(plain));
  EXPECT_THROW(nafnet(backend, plain, Scope(weights), lq, {.content = backend.activation({1, 512})}), UsageError);
  NafnetConfig with = plain;
  with.content_dim = 8;
  const Weights more = uploaded(backend, nafnet_weights(with));
  EXPECT_THROW(nafnet(backend, with, Scope(more), lq, {.content = backend.activation({1, 9})}), ShapeError);
  EXPECT_THROW(nafnet(backend, with, Scope(more), lq, {.content = backend.activation({2, 8})}), ShapeError);
  EXPECT_THROW(nafnet(backend, plain, Scope(weights), backend.activation({1, 8, 8, 4})), ShapeError);
}

TEST(Nafnet, refuses_invalid_configurations) {
  EXPECT_THROW(nafnet_weights({.encoder_blocks = {1, 1}, .decoder_blocks = {1}}), FormatError);
  EXPECT_THROW(nafnet_weights({.encoder_blocks = {}, .decoder_blocks = {}}), FormatError);
  EXPECT_THROW(nafnet_weights({.width = 0}), FormatError);
  EXPECT_THROW(nafnet_weights({.unshuffle = 0}), FormatError);
  EXPECT_THROW(nafnet_weights({.middle_blocks = -1}), FormatError);
}

}  // namespace
}  // namespace daclip
