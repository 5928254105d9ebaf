#include "airnet_parity.h"
#include "clip_parity.h"
#include "engine/native_backend.h"
#include "maxim_parity.h"
#include "nafnet_parity.h"
#include "restormer_parity.h"
#include "unet_parity.h"

namespace daclip {
namespace {

TEST(NativeParity, nafnet_gives_the_reference_values) {
  NativeBackend backend;
  if (!fixtures::check_nafnet(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(NativeParity, unet_gives_the_reference_values) {
  NativeBackend backend;
  if (!fixtures::check_unet(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(NativeParity, clip_gives_the_reference_values) {
  NativeBackend backend;
  if (!fixtures::check_clip(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(NativeParity, airnet_gives_the_reference_values) {
  NativeBackend backend;
  if (!fixtures::check_airnet(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(NativeParity, restormer_gives_the_reference_values) {
  NativeBackend backend;
  if (!fixtures::check_restormer(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(NativeParity, unet_in_bfloat16_stays_near_the_reference_values) {
  if (!NativeBackend::supports(DType::bf16)) GTEST_SKIP() << "this processor has no bfloat16";
  NativeBackend backend({.precision = DType::bf16});
  if (!fixtures::check_unet(backend, fixtures::golden_root())) GTEST_SKIP() << "no " << fixtures::golden_root();
}

TEST(NativeParity, nafnet_gives_the_committed_values) {
  NativeBackend backend;
  EXPECT_TRUE(fixtures::check_nafnet(backend, fixtures::own_root()));
}

TEST(NativeParity, clip_gives_the_committed_values) {
  NativeBackend backend;
  EXPECT_TRUE(fixtures::check_clip(backend, fixtures::own_root()));
}

TEST(NativeParity, unet_gives_the_committed_values) {
  NativeBackend backend;
  EXPECT_TRUE(fixtures::check_unet(backend, fixtures::own_root()));
}

TEST(NativeParity, maxim_gives_the_committed_values) {
  NativeBackend backend;
  EXPECT_TRUE(fixtures::check_maxim(backend, fixtures::own_root()));
}

TEST(NativeParity, restormer_gives_the_committed_values) {
  NativeBackend backend;
  EXPECT_TRUE(fixtures::check_restormer(backend, fixtures::own_root()));
}

TEST(NativeParity, untrained_conditioning_changes_nothing) {
  NativeBackend backend;
  fixtures::check_untrained_steer(backend);
}

TEST(NativeParity, bfloat16_stays_near_the_committed_values) {
  if (!NativeBackend::supports(DType::bf16)) GTEST_SKIP() << "this processor has no bfloat16";
  NativeBackend backend({.precision = DType::bf16});
  EXPECT_TRUE(fixtures::check_nafnet(backend, fixtures::own_root()));
  EXPECT_TRUE(fixtures::check_clip(backend, fixtures::own_root()));
  EXPECT_TRUE(fixtures::check_unet(backend, fixtures::own_root()));
  EXPECT_TRUE(fixtures::check_maxim(backend, fixtures::own_root()));
  EXPECT_TRUE(fixtures::check_restormer(backend, fixtures::own_root()));
}

}  // namespace
}  // namespace daclip
