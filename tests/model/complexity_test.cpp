#include "model/complexity.h"

#include <gtest/gtest.h>

#include "engine/native_backend.h"
#include "pipeline/tiny_model.h"

namespace daclip::test {
namespace {

const Network& named(const std::vector<Network>& networks, const std::string& name) {
  for (const Network& network : networks)
    if (network.name == name) return network;
  throw UsageError("no network " + name);
}

TEST(Complexity, published_networks_have_the_published_parameters_and_multiply_adds) {
  const std::vector<Network> networks = published_networks(256, 256);
  const auto of = [&](const char* name) { return count(named(networks, name)); };
  EXPECT_EQ(of("DA-CLIP ViT-B/32").parameters, 87'849'216 + 94'936'320);
  EXPECT_EQ(of("IR-SDE").parameters, 36'236'419);
  EXPECT_EQ(of("IR-SDE + DA-CLIP").parameters, 48'975'747);
  EXPECT_NEAR(double(of("NAFNet").parameters), 67.89e6, 0.01e6);
  EXPECT_NEAR(double(of("NAFNet + DA-CLIP").parameters), 86.1e6, 0.02 * 86.1e6);
  // From the paper's Table 8, whose tool does not count the matrix products inside attention.
  EXPECT_NEAR(of("NAFNet").multiply_adds, 63e9, 0.02 * 63e9);
  EXPECT_NEAR(of("IR-SDE").multiply_adds, 117e9, 0.02 * 117e9);
  EXPECT_GT(of("IR-SDE + DA-CLIP").multiply_adds, 118e9);
  EXPECT_LT(of("IR-SDE + DA-CLIP").multiply_adds, 1.15 * 118e9);
}

TEST(Complexity, costs_of_a_restoration_network_grow_with_the_picture) {
  const NetworkCost small = count(named(networks_of(tiny_config(), 64, 64), "NAFNet"));
  const NetworkCost large = count(named(networks_of(tiny_config(), 64, 128), "NAFNet"));
  EXPECT_EQ(small.parameters, large.parameters);
  EXPECT_NEAR(large.multiply_adds / small.multiply_adds, 2, 0.1);
}

TEST(Complexity, every_network_of_a_model_is_measured) {
  for (ModelConfig config : {tiny_config(), tiny_diffusion_config()}) {
    config.text_tower = true;
    const std::vector<Network> networks = networks_of(config, 48, 40);
    ASSERT_EQ(networks.size(), 3u);
    EXPECT_EQ(networks[2].evaluations, config.restorer->default_evaluations());
    for (const Network& network : networks) {
      const NetworkCost cost = measure(
          network, [] { return std::make_unique<NativeBackend>(NativeOptions{1}); }, 2);
      EXPECT_GT(cost.parameters, 1000) << network.name;
      EXPECT_GT(cost.multiply_adds, 1000) << network.name;
      EXPECT_GT(cost.seconds, 0) << network.name;
      EXPECT_GE(cost.peak_bytes, uint64_t(cost.parameters) * 4) << network.name;
    }
  }
}

}  // namespace
}  // namespace daclip::test
