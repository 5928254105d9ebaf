#include "engine/native_backend.h"
#include "networks_parity.h"

namespace daclip::test {
namespace {

TEST(LpipsNative, with_alexnet_gives_the_reference_values) {
  NativeBackend backend;
  if (!check_golden_lpips(backend, PerceptualNet::alex)) GTEST_SKIP() << "no " << golden_metrics();
}

TEST(LpipsNative, with_squeezenet_gives_the_reference_values) {
  NativeBackend backend;
  if (!check_golden_lpips(backend, PerceptualNet::squeeze)) GTEST_SKIP() << "no " << golden_metrics();
}

TEST(LpipsNative, with_published_weights_gives_the_official_distances) {
  NativeBackend backend;
  if (!check_published_lpips(backend)) GTEST_SKIP() << "no published weights (DACLIP_WEIGHTS_EVAL)";
}

TEST(LpipsNative, vgg_and_inception_equal_torchvisions) {
  NativeBackend backend;
  if (!check_torchvision(backend)) GTEST_SKIP() << "no torchvision (python3-torchvision)";
}

}  // namespace
}  // namespace daclip::test
