#include "e2e_parity.h"
#include "engine/native_backend.h"

namespace daclip {
namespace {

TEST(NativeParity, a_whole_restoration_gives_the_reference_values) {
  NativeBackend backend({.threads = 1});
  if (!fixtures::check_whole_restoration(backend, fixtures::golden_root()))
    GTEST_SKIP() << "no " << fixtures::golden_root();
}

}  // namespace
}  // namespace daclip
