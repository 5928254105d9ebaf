#include "nets/airnet.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
#include "nets/registry.h"
#include "ops/counting_backend.h"

namespace daclip {
namespace {

const AirnetConfig kSmall{.features = 4, .groups = 2, .blocks = 1, .embedding_blocks = {6, 8}};

Weights uploaded(CountingBackend& backend, const AirnetConfig& config) {
  Weights weights;
  for (const WeightSpec& spec : airnet_weights(config)) weights.emplace(spec.name, backend.parameter(spec.shape));
  return weights;
}

TEST(Airnet, weight_names_are_unique_and_each_weight_is_needed) {
  CountingBackend backend;
  const Weights weights = uploaded(backend, kSmall);
  EXPECT_EQ(weights.size(), airnet_weights(kSmall).size());
  const Tensor lq = backend.activation({1, 6, 7, 3});
  for (const auto& [name, weight] : weights) {
    Weights fewer = weights;
    fewer.erase(name);
    const auto run = [&] {
      airnet(backend, kSmall, Scope(fewer), lq);
      airnet_embedding(backend, kSmall, Scope(fewer), airnet_steering(backend, Scope(fewer), lq));
    };
    EXPECT_THROW(run(), WeightsError) << name;
  }
}

TEST(Airnet, keeps_any_image_size) {
  CountingBackend backend;
  const Weights weights = uploaded(backend, kSmall);
  for (const Shape& shape : {Shape{1, 1, 1, 3}, Shape{2, 9, 23, 3}})
    EXPECT_EQ(airnet(backend, kSmall, Scope(weights), backend.activation(shape)).shape(), shape);
  EXPECT_THROW(airnet(backend, kSmall, Scope(weights), backend.activation({1, 8, 8, 4})), ShapeError);
}

TEST(Airnet, is_detected_from_the_shapes_of_a_checkpoint) {
  NamedArrays arrays;
  std::vector<std::pair<std::string, Shape>> expected, found;
  for (const WeightSpec& spec : airnet_weights(kSmall)) {
    int64_t count = 1;
    for (const int64_t d : spec.shape) count *= d;
    arrays.arrays.emplace(spec.name, make_array(std::vector<float>(size_t(count)), spec.shape));
    expected.emplace_back(spec.name, spec.shape);
  }
  const NetworkType* type = matching_network_type(arrays);
  ASSERT_TRUE(type);
  EXPECT_EQ(type->name, "airnet");
  for (const WeightSpec& spec : type->detect(arrays, "file")->weights()) found.emplace_back(spec.name, spec.shape);
  EXPECT_EQ(found, expected);
  for (const WeightSpec& spec : airnet_weights(kSmall)) EXPECT_FALSE(type->unused(spec.name)) << spec.name;
  EXPECT_TRUE(type->unused("E.E.queue_ptr"));
}

TEST(Airnet, refuses_invalid_configurations) {
  for (const auto& change : {+[](AirnetConfig& c) { c.features = 0; }, +[](AirnetConfig& c) { c.groups = 0; },
                             +[](AirnetConfig& c) { c.embedding_blocks = {0}; }}) {
    AirnetConfig config;
    change(config);
    EXPECT_THROW(airnet_weights(config), FormatError);
  }
}

}  // namespace
}  // namespace daclip
