#include "networks_parity.h"
#include "torch/torch_backend.h"

namespace daclip::test {
namespace {

TEST(LpipsTorch, with_alexnet_gives_the_reference_values) {
  TorchBackend backend;
  if (!check_golden_lpips(backend, PerceptualNet::alex)) GTEST_SKIP() << "no " << golden_metrics();
}

TEST(LpipsTorch, with_squeezenet_gives_the_reference_values) {
  TorchBackend backend;
  if (!check_golden_lpips(backend, PerceptualNet::squeeze)) GTEST_SKIP() << "no " << golden_metrics();
}

TEST(LpipsTorch, with_published_weights_gives_the_official_distances) {
  TorchBackend backend;
  if (!check_published_lpips(backend)) GTEST_SKIP() << "no published weights (DACLIP_WEIGHTS_EVAL)";
}

TEST(LpipsTorch, vgg_and_inception_equal_torchvisions) {
  TorchBackend backend;
  if (!check_torchvision(backend)) GTEST_SKIP() << "no torchvision (python3-torchvision)";
}

}  // namespace
}  // namespace daclip::test
