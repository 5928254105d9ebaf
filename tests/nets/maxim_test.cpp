#include "nets/maxim.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
#include "ops/counting_backend.h"

namespace daclip {
namespace {

const MaximConfig kSmall{.features = 4,
                         .stages = 2,
                         .levels = 2,
                         .groups = 2,
                         .bottleneck_blocks = 1,
                         .high_levels = 1,
                         .high_side = 4,
                         .low_side = 2,
                         .channel_reduction = 2};

Weights uploaded(CountingBackend& backend, const MaximConfig& config) {
  Weights weights;
  for (const WeightSpec& spec : maxim_weights(config)) weights.emplace(spec.name, backend.parameter(spec.shape));
  return weights;
}

TEST(Maxim, has_the_papers_parameters_and_multiply_adds) {
  CountingBackend two, three;
  const Weights weights = uploaded(two, {});
  EXPECT_NEAR(double(two.parameters()) / 1e6, 14.1, 0.1);  // DA-CLIP, Table 8
  maxim(two, {}, Scope(weights), two.activation({1, 256, 256, 3}));
  // The same table has 216 G, which MAXIM (Table 7) calls operations: two for a multiply-add, norms and gates included.
  EXPECT_NEAR(2 * two.multiply_adds() / 1e9, 216, 30);
  RecordProperty("gmac", std::to_string(two.multiply_adds() / 1e9));
  uploaded(three, {.stages = 3});
  EXPECT_NEAR(double(three.parameters()) / 1e6, 22.2, 0.1);  // MAXIM, Table 7
}

TEST(Maxim, weight_names_are_unique_and_each_weight_is_needed) {
  CountingBackend backend;
  const Weights weights = uploaded(backend, kSmall);
  const Tensor lq = backend.activation({1, 16, 24, 3});
  EXPECT_EQ(weights.size(), maxim_weights(kSmall).size());
  for (const auto& [name, weight] : weights) {
    Weights fewer = weights;
    fewer.erase(name);
    EXPECT_THROW(maxim(backend, kSmall, Scope(fewer), lq), WeightsError) << name;
  }
}

TEST(Maxim, keeps_any_image_size) {
  EXPECT_EQ(MaximConfig().multiple(), 64);
  EXPECT_EQ(kSmall.multiple(), 8);
  CountingBackend backend;
  const Weights weights = uploaded(backend, kSmall);
  for (const Shape& shape : {Shape{1, 1, 1, 3}, Shape{1, 8, 8, 3}, Shape{3, 9, 23, 3}})
    EXPECT_EQ(maxim(backend, kSmall, Scope(weights), backend.activation(shape)).shape(), shape);
  EXPECT_THROW(maxim(backend, kSmall, Scope(weights), backend.activation({1, 8, 8, 4})), ShapeError);
}

TEST(Maxim, calls_the_given_pooling_for_every_channel_attention) {
  CountingBackend backend;
  const Weights weights = uploaded(backend, kSmall);
  int calls = 0;
  maxim(backend, kSmall, Scope(weights), backend.activation({1, 16, 16, 3}), [&](const Tensor& x) {
    ++calls;
    return backend.global_mean(x);
  });
  EXPECT_EQ(calls, 2 * 2 * (2 + 1 + 2));  // stages, groups, encoder and bottleneck and decoder
}

TEST(Maxim, refuses_invalid_configurations) {
  for (const auto& change : {+[](MaximConfig& c) { c.features = 0; }, +[](MaximConfig& c) { c.stages = 0; },
                             +[](MaximConfig& c) { c.high_levels = 4; }, +[](MaximConfig& c) { c.low_side = 0; }}) {
    MaximConfig config;
    change(config);
    EXPECT_THROW(maxim_weights(config), FormatError);
  }
}

}  // namespace
}  // namespace daclip
