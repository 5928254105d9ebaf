#include "import/import_parity.h"
#include "torch/torch_backend.h"

namespace daclip {
namespace {

TEST(ImportTorchGolden, imported_checkpoints_classify_as_the_reference_does) {
  TorchBackend backend;
  torch::NoGradGuard no_gradients;
  if (!fixtures::check_imports(backend, fixtures::golden_root()))
    GTEST_SKIP() << "no checkpoints in " << fixtures::golden_root();
}

}  // namespace
}  // namespace daclip
