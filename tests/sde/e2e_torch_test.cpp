#include "e2e_parity.h"
#include "torch/torch_backend.h"

namespace daclip {
namespace {

TEST(TorchParity, a_whole_restoration_gives_the_reference_values) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  if (!fixtures::check_whole_restoration(backend, fixtures::golden_root()))
    GTEST_SKIP() << "no " << fixtures::golden_root();
}

}  // namespace
}  // namespace daclip
