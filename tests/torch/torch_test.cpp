#include "torch/torch_backend.h"

#include "ops/conformance.h"
#include "ops/conformance_refusals.h"

namespace daclip {
namespace {

BackendCase torch_case(const std::string& name, TorchOptions options, double tolerance) {
  const auto make = [options]() -> std::unique_ptr<Backend> {
    if (options.device.is_cuda() && !torch::cuda::is_available()) return nullptr;
    return std::make_unique<TorchBackend>(options);
  };
  return {name, make, tolerance};
}

}  // namespace

std::vector<BackendCase> backend_cases() {
  return {torch_case("cpu_f32", {.threads = 1}, 1e-5),
          // LibTorch's operations each round to 8 bits of mantissa: attention over 1,500 tokens differs by 3.5 %.
          torch_case("cpu_bf16", {.precision = DType::bf16, .threads = 1}, 5e-2),
          torch_case("cuda_f32", {.device = torch::kCUDA}, 1e-5),
          torch_case("cuda_bf16", {.device = torch::kCUDA, .precision = DType::bf16}, 3e-2)};
}

TEST(TorchBackend, wraps_a_torch_tensor_without_copying_it) {
  const torch::Tensor x = torch::rand({2, 3, 4, 5});
  const Tensor wrapped = TorchBackend::wrap(x);
  EXPECT_EQ(wrapped.shape(), (Shape{2, 3, 4, 5}));
  EXPECT_EQ(TorchBackend::tensor(wrapped).data_ptr(), x.data_ptr());
}

TEST(TorchBackend, refuses_to_wrap_other_types) {
  EXPECT_THROW(TorchBackend::wrap(torch::zeros({2}, torch::kLong)), DeviceError);
}

TEST(TorchBackend, an_absent_tensor_is_an_undefined_one) { EXPECT_FALSE(TorchBackend::tensor(Tensor()).defined()); }

TEST(TorchBackend, bfloat16_follows_a_trained_weight) {
  TorchBackend backend({.precision = DType::bf16});
  const torch::Tensor w = torch::ones({2, 2}).requires_grad_(true);
  const Tensor weight = TorchBackend::wrap(w), x = backend.from_floats(std::vector<float>{1, 2}, {1, 2});
  EXPECT_EQ(backend.to_floats(backend.linear(x, weight, {})), (std::vector<float>{3, 3}));
  {
    const torch::NoGradGuard no_grad;
    w.mul_(2);
  }
  EXPECT_EQ(backend.to_floats(backend.linear(x, weight, {})), (std::vector<float>{6, 6}));
}

}  // namespace daclip
