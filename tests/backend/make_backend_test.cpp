#include "backend/make_backend.h"

#include <gtest/gtest.h>

#include <cmath>

#include "backend/torch_plugin.h"
#include "core/error.h"

namespace daclip {
namespace {

TEST(MakeBackend, the_cpu_backend_has_the_requested_precision) {
  EXPECT_EQ(make_backend({.threads = 1, .precision = Precision::f32})->compute_dtype(), DType::f32);
  EXPECT_EQ(make_backend({.threads = 1})->compute_dtype(), cpu_has_bf16() ? DType::bf16 : DType::f32);
  if (cpu_has_bf16())
    EXPECT_EQ(make_backend({.threads = 1, .precision = Precision::bf16})->compute_dtype(), DType::bf16);
  else
    EXPECT_THROW(make_backend({.threads = 1, .precision = Precision::bf16}), DeviceError);
  EXPECT_EQ(make_backend({.threads = 2})->threads(), 2);
}

TEST(MakeBackend, unknown_devices_and_negative_threads_are_refused) {
  EXPECT_THROW(make_backend({.device = "abacus"}), UsageError);
  EXPECT_THROW(make_backend({.threads = -1}), UsageError);
}

TEST(MakeBackend, cuda_works_or_the_error_names_the_missing_part) {
  try {
    const std::unique_ptr<Backend> backend = make_backend({.device = "cuda"});
    const float values[] = {1, 2, 3};
    EXPECT_EQ(backend->to_floats(backend->relu(backend->from_floats(values, {3}))), (std::vector<float>{1, 2, 3}));
  } catch (const DeviceError& error) {
    EXPECT_TRUE(std::string(error.what()).find("CUDA") != std::string::npos ||
                std::string(error.what()).find("LibTorch") != std::string::npos)
        << error.what();
  }
}

#ifdef DACLIP_TORCH_PLUGIN
TEST(TorchPlugin, its_backend_computes_like_the_native_one) {
  const std::unique_ptr<Backend> torch(open_torch_plugin(DACLIP_TORCH_PLUGIN)({.device = "cpu"}));
  const std::unique_ptr<Backend> native = make_backend({.threads = 1, .precision = Precision::f32});
  EXPECT_EQ(torch->name(), "torch");
  std::vector<float> x(2 * 5 * 7 * 4), w(6 * 4 * 3 * 3);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(float(i));
  for (size_t i = 0; i < w.size(); ++i) w[i] = std::cos(float(i));
  const auto run = [&](Backend& b) {
    return b.to_floats(b.gelu(b.conv2d(b.from_floats(x, {2, 5, 7, 4}), b.weight(w, {6, 4, 3, 3}), {}, {.padding = 1})));
  };
  const std::vector<float> a = run(*torch), b = run(*native);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4);
}

TEST(TorchPlugin, its_errors_are_caught_as_daclips_error_types) {
  const std::unique_ptr<Backend> torch(open_torch_plugin(DACLIP_TORCH_PLUGIN)({.device = "cpu"}));
  const float values[] = {1, 2, 3};
  EXPECT_THROW(torch->add(torch->from_floats(values, {3}), torch->from_floats({values, 2}, {2})), ShapeError);
  EXPECT_THROW(open_torch_plugin("/nowhere/libdaclip_torch.so"), DeviceError);
}
#endif

}  // namespace
}  // namespace daclip
