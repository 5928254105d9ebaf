// Our autograd functions against the same computations composed of LibTorch's operations.
#include <gtest/gtest.h>

#include "nets/nafnet.h"
#include "torch/depthwise.h"
#include "torch/nafblock.h"
#include "torch/nafblock_inputs.h"
#include "torch/torch_backend.h"

namespace daclip {
namespace {

void expect_close(const torch::Tensor& found, const torch::Tensor& expected, double tolerance,
                  const std::string& what) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  const double scale = std::max(1e-6, expected.abs().max().item<double>());
  EXPECT_LE((found - expected).abs().max().item<double>(), tolerance * scale) << what;
}

torch::Tensor random_leaf(at::IntArrayRef shape) { return torch::randn(shape).requires_grad_(true); }

void check_depthwise(int64_t n, int64_t h, int64_t w, int64_t c, bool biased) {
  torch::manual_seed(3);
  const torch::Tensor x = random_leaf({n, h, w, c}), k = random_leaf({c, 1, 3, 3});
  const torch::Tensor b = biased ? random_leaf({c}) : torch::Tensor();
  const torch::Tensor weight = torch::randn({n, h, w, c});
  std::vector<torch::Tensor> inputs = {x, k};
  if (biased) inputs.push_back(b);

  const torch::Tensor y = depthwise_conv(x, k, b);
  const torch::Tensor expected = at::conv2d(x.permute({0, 3, 1, 2}), k, b, 1, 1, 1, c).permute({0, 2, 3, 1});
  expect_close(y, expected, 1e-5, "output");
  const auto found = torch::autograd::grad({(y * weight).sum()}, inputs);
  const auto reference = torch::autograd::grad({(expected * weight).sum()}, inputs);
  const char* names[] = {"x", "kernel", "bias"};
  for (size_t i = 0; i < inputs.size(); ++i) expect_close(found[i], reference[i], 1e-5, names[i]);
}

TEST(DepthwiseConv, equals_libtorch_with_gradients) { check_depthwise(2, 7, 9, 32, true); }
TEST(DepthwiseConv, works_on_channels_beyond_whole_vectors) { check_depthwise(1, 5, 6, 21, true); }
TEST(DepthwiseConv, works_without_a_bias) { check_depthwise(3, 4, 4, 16, false); }
TEST(DepthwiseConv, works_on_maps_of_one_pixel_row_and_column) {
  check_depthwise(2, 1, 1, 16, true);
  check_depthwise(1, 1, 8, 17, true);
  check_depthwise(1, 8, 1, 3, true);
}

// On a CUDA device against LibTorch on the CPU, in both types.
void check_depthwise_on_cuda(int64_t n, int64_t h, int64_t w, int64_t c, at::ScalarType type, double tolerance) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  torch::manual_seed(3);
  const auto leaf = [](const torch::Tensor& t) { return t.detach().to(torch::kCUDA).requires_grad_(true); };
  const torch::Tensor x = random_leaf({n, h, w, c}), k = random_leaf({c, 1, 3, 3}), b = random_leaf({c});
  const torch::Tensor weight = torch::randn({n, h, w, c});
  const torch::Tensor expected = at::conv2d(x.permute({0, 3, 1, 2}), k, b, 1, 1, 1, c).permute({0, 2, 3, 1});
  const auto reference = torch::autograd::grad({(expected * weight).sum()}, {x, k, b});

  const torch::Tensor cuda_x = leaf(x.to(type)), cuda_k = leaf(k), cuda_b = leaf(b);
  const torch::Tensor y = depthwise_conv(cuda_x, cuda_k, cuda_b);
  EXPECT_EQ(y.scalar_type(), type);
  const auto found = torch::autograd::grad({(y * weight.to(torch::kCUDA, type)).sum()}, {cuda_x, cuda_k, cuda_b});
  const auto host = [](const torch::Tensor& t) { return t.to(torch::kCPU, torch::kFloat32); };
  expect_close(host(y), expected, tolerance, "output");
  const char* names[] = {"x", "kernel", "bias"};
  for (size_t i = 0; i < 3; ++i) expect_close(host(found[i]), reference[i], tolerance, names[i]);
}

TEST(DepthwiseConv, equals_libtorch_with_gradients_on_cuda) {
  check_depthwise_on_cuda(3, 17, 9, 96, at::kFloat, 1e-5);
  check_depthwise_on_cuda(3, 17, 9, 96, at::kBFloat16, 2e-2);
}
TEST(DepthwiseConv, works_on_cuda_on_small_maps_and_odd_channels) {
  check_depthwise_on_cuda(2, 1, 1, 32, at::kFloat, 1e-5);
  check_depthwise_on_cuda(1, 40, 1, 21, at::kFloat, 1e-5);
}

struct Block {
  int64_t n, h, w, c;
  bool steered;
  int threads = 1;
  torch::Device device = torch::kCPU;
  DType precision = DType::f32;
};

// A network of one block at full resolution and one below, with all gradients.
void check_nafblock(const Block& block, double output_tolerance = 1e-5, double gradient_tolerance = 1e-4) {
  torch::manual_seed(5);
  NafnetConfig config;
  config.width = int(block.c);
  config.encoder_blocks = {1};
  config.middle_blocks = 1;
  config.decoder_blocks = {0};
  if (block.steered) config.degradation_dim = 6, config.prompt_dim = 16;
  std::vector<torch::Tensor> leaves;
  std::vector<std::string> names;
  Weights weights;
  for (const WeightSpec& spec : nafnet_weights(config)) {
    const torch::Tensor value = torch::randn(spec.shape) * (spec.shape.size() > 1 && spec.shape[1] > 1 ? 0.15 : 0.5);
    leaves.push_back(value.detach().to(block.device).requires_grad_(true));
    names.push_back(spec.name);
    weights.emplace(spec.name, TorchBackend::wrap(leaves.back()));
  }
  const auto type = block.precision == DType::f32 ? torch::kFloat32 : torch::kBFloat16;
  const auto random = [&](at::IntArrayRef shape) { return torch::randn(shape).to(block.device, type); };
  const torch::Tensor lq = random({block.n, block.h, block.w, 3}).requires_grad_(true);
  leaves.push_back(lq);
  names.push_back("image");
  const torch::Tensor context = random({block.n, 6}), weight = random({block.n, block.h, block.w, 3});

  std::vector<torch::Tensor> outputs;
  std::vector<torch::autograd::variable_list> grads;
  for (const bool fused : {false, true}) {
    TorchBackend backend(
        {.device = block.device, .precision = block.precision, .threads = block.threads, .fused = fused});
    Contexts contexts;
    if (block.steered) contexts.degradation = TorchBackend::wrap(context);
    const Tensor out = nafnet(backend, config, Scope(weights), TorchBackend::wrap(lq), contexts);
    outputs.push_back(TorchBackend::tensor(out));
    grads.push_back(torch::autograd::grad({(outputs.back() * weight).sum()}, leaves, {}, {}, false, true));
    const torch::NoGradGuard no_grad;
    const Tensor again = nafnet(backend, config, Scope(weights), TorchBackend::wrap(lq), contexts);
    expect_close(TorchBackend::tensor(again), outputs.back(), 1e-6, "without gradients");
  }
  expect_close(outputs[1], outputs[0], output_tolerance, "output");
  for (size_t i = 0; i < leaves.size(); ++i) {
    ASSERT_EQ(grads[0][i].defined(), grads[1][i].defined()) << names[i];
    if (grads[0][i].defined()) expect_close(grads[1][i], grads[0][i], gradient_tolerance, names[i]);
  }
}

class FusedNafBlock : public testing::Test {
 protected:
  void SetUp() override {
    if (!nafblock_supported(torch::zeros({1, 1, 1, 16}))) GTEST_SKIP() << "the processor lacks AVX-512";
  }
};

TEST_F(FusedNafBlock, equals_the_composition_with_gradients) { check_nafblock({2, 16, 24, 32, false}); }
TEST_F(FusedNafBlock, equals_it_when_steered) { check_nafblock({3, 8, 12, 32, true}); }
TEST_F(FusedNafBlock, equals_it_on_channels_of_half_a_panel) { check_nafblock({1, 10, 6, 48, true}); }
TEST_F(FusedNafBlock, equals_it_on_wide_and_flat_maps) {
  check_nafblock({1, 2, 140, 16, false});
  check_nafblock({1, 140, 2, 16, false});
  check_nafblock({1, 2, 2, 16, false});
}
TEST_F(FusedNafBlock, equals_it_with_several_threads) { check_nafblock({5, 8, 8, 32, true, 3}); }
TEST_F(FusedNafBlock, leaves_other_maps_to_the_composition) {
  EXPECT_FALSE(nafblock_supported(torch::zeros({1, 4, 4, 24})));
  EXPECT_FALSE(nafblock_supported(torch::zeros({1, 4, 4, 32}, torch::kBFloat16)));
}

// The form used on CUDA devices, run on the CPU: it tests everything except the CUDA kernels.
TEST_F(FusedNafBlock, equals_its_form_for_devices_with_gradients) {
  torch::manual_seed(7);
  const int64_t c = 32;
  const torch::Tensor x = random_leaf({2, 6, 10, c}), weight = torch::randn({2, 6, 10, c});
  NafBlockParams p{random_leaf({2, c}),
                   random_leaf({c}),
                   random_leaf({2 * c, c}),
                   random_leaf({2 * c}),
                   random_leaf({2 * c, 1, 3, 3}),
                   random_leaf({2 * c}),
                   random_leaf({c, c}),
                   random_leaf({c}),
                   random_leaf({c, c}),
                   random_leaf({c}),
                   random_leaf({c}),
                   random_leaf({c}),
                   random_leaf({2, c}),
                   random_leaf({2 * c, c}),
                   random_leaf({2 * c}),
                   random_leaf({c, c}),
                   random_leaf({c}),
                   random_leaf({c})};
  const std::vector<torch::Tensor> leaves = {
      x,           p.gain1,          p.bias1, p.conv1,      p.conv1_bias, p.depthwise, p.depthwise_bias,
      p.attention, p.attention_bias, p.conv3, p.conv3_bias, p.beta,       p.gain2,     p.bias2,
      p.conv4,     p.conv4_bias,     p.conv5, p.conv5_bias, p.gamma};
  const torch::Tensor expected = nafblock(x, p), found = nafblock_by_maps(nafblock_inputs(x, p));
  expect_close(found, expected, 1e-5, "output");
  const auto reference = torch::autograd::grad({(expected * weight).sum()}, leaves);
  const auto grads = torch::autograd::grad({(found * weight).sum()}, leaves);
  for (size_t i = 0; i < leaves.size(); ++i) expect_close(grads[i], reference[i], 1e-4, std::to_string(i));
}

TEST(FusedNafBlockOnCuda, equals_the_composition_with_gradients) {
  if (!nafblock_supported(torch::zeros({1, 1, 1, 16}, torch::cuda::is_available() ? torch::kCUDA : torch::kCPU)) ||
      !torch::cuda::is_available())
    GTEST_SKIP() << "no CUDA device, or no kernels for it";
  check_nafblock({3, 18, 24, 48, true, 1, torch::kCUDA}, 1e-4, 1e-3);
  check_nafblock({2, 70, 30, 32, false, 1, torch::kCUDA}, 1e-4, 1e-3);
  check_nafblock({3, 18, 24, 48, true, 1, torch::kCUDA, DType::bf16}, 5e-2, 1e-1);
}

}  // namespace
}  // namespace daclip
