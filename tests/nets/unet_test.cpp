#include "nets/unet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/random.h"
#include "ops/naive.h"

namespace daclip {
namespace {

int64_t parameters(const UnetConfig& config) {
  int64_t total = 0;
  for (const WeightSpec& spec : unet_weights(config))
    total += std::accumulate(spec.shape.begin(), spec.shape.end(), int64_t(1), std::multiplies<>());
  return total;
}

TEST(Unet, has_the_published_parameter_counts) {
  EXPECT_EQ(parameters({}), 48975747);
  EXPECT_EQ(parameters({.degradation_dim = 0, .content_dim = 0}), 36236419);
  EXPECT_EQ(parameters({.degradation_dim = 0}), 48712579);
  EXPECT_EQ(parameters({.content_dim = 0}), 36499587);
  EXPECT_EQ(parameters({.degradation_dim = 0, .content_dim = 768, .half_scale = true}), 49470467);
}

TEST(Unet, weight_names_are_unique) {
  std::vector<std::string> names;
  for (const WeightSpec& spec : unet_weights({.half_scale = true})) names.push_back(spec.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

class SmallUnet : public testing::Test {
 protected:
  SmallUnet() {
    for (const WeightSpec& spec : unet_weights(config_))
      weights_.emplace(spec.name, b_.weight(values(spec.shape, 0.1), spec.shape));
  }

  std::vector<float> values(const Shape& shape, double spread) {
    std::vector<float> result(size_t(std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>())));
    for (float& v : result) v = float(spread * random_.normal());
    return result;
  }
  Tensor random(const Shape& shape) { return b_.from_floats(values(shape, 0.5), shape); }

  std::vector<float> run(const Tensor& xt, const Tensor& mu, std::vector<double> times, const Contexts& contexts) {
    return b_.to_floats(unet(b_, config_, Scope(weights_), xt, mu, times, contexts));
  }

  const UnetConfig config_{.width = 32,
                           .multipliers = {1, 1},
                           .degradation_dim = 5,
                           .content_dim = 6,
                           .first_transformer = 1,
                           .heads = 1,
                           .head_dim = 16};
  NaiveBackend b_;
  Random random_{4};
  Weights weights_;
};

TEST_F(SmallUnet, images_of_a_batch_are_independent) {
  const Shape one = {1, 6, 7, 3};
  std::vector<Tensor> xt, mu, content, degradation;
  std::vector<float> apart;
  for (const double time : {3.0, 70.0}) {
    xt.push_back(random(one));
    mu.push_back(random(one));
    content.push_back(random({1, 6}));
    degradation.push_back(random({1, 5}));
    const std::vector<float> out = run(xt.back(), mu.back(), {time}, {content.back(), degradation.back()});
    apart.insert(apart.end(), out.begin(), out.end());
  }
  const std::vector<float> together =
      run(b_.concat(xt, 0), b_.concat(mu, 0), {3, 70}, {b_.concat(content, 0), b_.concat(degradation, 0)});
  ASSERT_EQ(together.size(), apart.size());
  for (size_t i = 0; i < apart.size(); ++i) ASSERT_NEAR(together[i], apart[i], 1e-5);
}

TEST_F(SmallUnet, an_absent_content_equals_zeros_and_an_absent_degradation_adds_no_prompt) {
  const Tensor xt = random({1, 4, 4, 3}), mu = random({1, 4, 4, 3}), degradation = random({1, 5});
  const Tensor zeros = b_.from_floats(std::vector<float>(6), {1, 6});
  EXPECT_EQ(run(xt, mu, {9}, {{}, degradation}), run(xt, mu, {9}, {zeros, degradation}));
  EXPECT_NE(run(xt, mu, {9}, {{}, degradation}), run(xt, mu, {9}, {random({1, 6}), degradation}));
  EXPECT_NE(run(xt, mu, {9}, {}), run(xt, mu, {9}, {{}, b_.from_floats(std::vector<float>(5), {1, 5})}));
}

TEST_F(SmallUnet, refuses_mismatched_shapes_and_contexts) {
  const Tensor map = random({2, 4, 4, 3});
  EXPECT_THROW(run(map, random({2, 4, 5, 3}), {1}, {}), ShapeError);
  EXPECT_THROW(run(map, map, {1, 2, 3}, {}), ShapeError);
  EXPECT_THROW(run(random({1, 4, 4, 4}), random({1, 4, 4, 4}), {1}, {}), ShapeError);
  EXPECT_THROW(run(random({1, 1, 4, 3}), random({1, 1, 4, 3}), {1}, {}), ShapeError);  // too small for reflection
  EXPECT_THROW(run(map, map, {1}, {random({1, 7}), {}}), ShapeError);
  const UnetConfig blind{.width = 32, .multipliers = {1, 1}, .degradation_dim = 0, .content_dim = 0};
  EXPECT_THROW(unet_conditioning(b_, blind, Scope(weights_), {{}, random({1, 5})}), UsageError);
}

TEST(Unet, refuses_invalid_configurations) {
  for (const UnetConfig& config :
       {UnetConfig{.channels = 0}, UnetConfig{.width = 3}, UnetConfig{.multipliers = {}},
        UnetConfig{.multipliers = {0}}, UnetConfig{.degradation_dim = -1}, UnetConfig{.heads = 0},
        UnetConfig{.head_dim = 0}, UnetConfig{.first_transformer = -1}, UnetConfig{.width = 24, .multipliers = {1}},
        UnetConfig{.width = 32, .first_transformer = 0, .head_dim = 64}})
    EXPECT_THROW(unet_weights(config), FormatError);
}

}  // namespace
}  // namespace daclip
