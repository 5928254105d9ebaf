#include "airnet_parity.h"
#include "clip_parity.h"
#include "maxim_parity.h"
#include "nafnet_parity.h"
#include "restormer_parity.h"
#include "torch/torch_backend.h"
#include "unet_parity.h"

namespace daclip {
namespace {

TEST(TorchParity, nafnet_gives_the_reference_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  if (!fixtures::check_nafnet(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(TorchParity, unet_gives_the_reference_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  if (!fixtures::check_unet(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(TorchParity, clip_gives_the_reference_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  if (!fixtures::check_clip(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(TorchParity, airnet_gives_the_reference_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  if (!fixtures::check_airnet(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(TorchParity, restormer_gives_the_reference_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  if (!fixtures::check_restormer(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(TorchParity, nafnet_gives_the_committed_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  EXPECT_TRUE(fixtures::check_nafnet(backend, fixtures::own_root()));
}

TEST(TorchParity, clip_gives_the_committed_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  EXPECT_TRUE(fixtures::check_clip(backend, fixtures::own_root()));
}

TEST(TorchParity, unet_gives_the_committed_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  EXPECT_TRUE(fixtures::check_unet(backend, fixtures::own_root()));
}

TEST(TorchParity, maxim_gives_the_committed_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  EXPECT_TRUE(fixtures::check_maxim(backend, fixtures::own_root()));
}

TEST(TorchParity, restormer_gives_the_committed_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  EXPECT_TRUE(fixtures::check_restormer(backend, fixtures::own_root()));
}

TEST(TorchParity, untrained_conditioning_changes_nothing) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  fixtures::check_untrained_steer(backend);
}

}  // namespace
}  // namespace daclip
