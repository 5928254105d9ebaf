// Backend on LibTorch: autograd for training, CUDA for inference. An (N,H,W,C) tensor is a contiguous torch tensor of
// that shape, so 1x1 convolutions and dense layers are plain matrix products, and norms run over the last dimension.
#pragma once

#include <torch/torch.h>

#include "ops/backend.h"

namespace daclip {

struct TorchOptions {
  torch::Device device = torch::kCPU;
  DType precision = DType::f32;  // of activations; weights stay in float32 and are converted when used
  int threads = 0;               // LibTorch's CPU threads, for the whole process; 0 keeps the current setting
  bool tf32 = false;             // CUDA: compute float32 products with 10 bits of mantissa
  bool fused = true;             // run whole blocks as one operation where a kernel exists
};

class TorchBackend : public Backend {
 public:
  // Also changes malloc for the whole process (mallopt): freed memory is kept, because feature maps are allocated and
  // freed constantly. Throws DeviceError if the device is absent.
  explicit TorchBackend(const TorchOptions& options = {});

  std::string name() const override { return "torch"; }
  DType compute_dtype() const override { return options_.precision; }
  torch::Device device() const { return options_.device; }

  // The torch tensor behind an activation or weight of this backend; shares storage and autograd history.
  static const torch::Tensor& tensor(const Tensor& x);
  // Makes x (float32 or bfloat16) contiguous. Gradients flow through.
  static Tensor wrap(torch::Tensor x);

  Tensor fused_nafblock(const Scope& weights, const Tensor& x, const Tensor& steer) override;

 protected:
  Tensor do_from_floats(std::span<const float> data, const Shape& shape) override;
  Tensor do_weight(std::span<const float> data, const Shape& shape) override;
  std::vector<float> do_to_floats(const Tensor& x) override;
  Tensor do_conv2d(const Tensor& x, const Tensor& w, const Tensor& b, ConvOptions options) override;
  Tensor do_depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor& b) override;
  Tensor do_deform_conv2d(const Tensor& x, const Tensor& offsets, const Tensor& mask, const Tensor& w,
                          const Tensor& b) override;
  Tensor do_linear(const Tensor& x, const Tensor& w, const Tensor& b) override;
  Tensor do_matmul(const Tensor& a, const Tensor& b, bool transpose_b) override;
  Tensor do_mix_positions(const Tensor& x, const Tensor& w, const Tensor& b, Groups groups) override;
  Tensor do_layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float eps) override;
  Tensor do_deviation_norm(const Tensor& x, const Tensor& gain, float eps) override;
  Tensor do_batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& mean,
                       const Tensor& variance, float eps) override;
  Tensor do_group_norm(const Tensor& x, int groups, const Tensor& gain, const Tensor& bias, float eps) override;
  Tensor do_normalize(const Tensor& x) override;
  Tensor do_gelu(const Tensor& x) override;
  Tensor do_quick_gelu(const Tensor& x) override;
  Tensor do_gelu_tanh(const Tensor& x) override;
  Tensor do_silu(const Tensor& x) override;
  Tensor do_relu(const Tensor& x) override;
  Tensor do_leaky_relu(const Tensor& x, float slope) override;
  Tensor do_sigmoid(const Tensor& x) override;
  Tensor do_simple_gate(const Tensor& x) override;
  Tensor do_add(const Tensor& a, const Tensor& b) override;
  Tensor do_mul(const Tensor& a, const Tensor& b) override;
  Tensor do_scale(const Tensor& x, float factor) override;
  Tensor do_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) override;
  Tensor do_add_scaled(const Tensor& a, const Tensor& b, const Tensor& gain) override;
  Tensor do_softmax(const Tensor& x) override;
  Tensor do_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads, bool causal) override;
  Tensor do_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads) override;
  Tensor do_channel_attention(const Tensor& qkv, const Tensor& temperature, int heads) override;
  Tensor do_reshape(const Tensor& x, const Shape& shape) override;
  Tensor do_concat(std::span<const Tensor> parts, int dim) override;
  Tensor do_slice(const Tensor& x, int dim, int64_t begin, int64_t end) override;
  Tensor do_pad(const Tensor& x, int64_t height, int64_t width) override;
  Tensor do_pad_reflect(const Tensor& x, int64_t height, int64_t width) override;
  Tensor do_crop(const Tensor& x, int64_t height, int64_t width) override;
  Tensor do_resize_nearest(const Tensor& x, int factor) override;
  Tensor do_resize_bilinear(const Tensor& x, int64_t height, int64_t width, Shrink shrink) override;
  Tensor do_pixel_shuffle(const Tensor& x, int factor) override;
  Tensor do_pixel_unshuffle(const Tensor& x, int factor) override;
  Tensor do_embedding(const Tensor& table, std::span<const int64_t> ids, int64_t rows) override;
  Tensor do_take_token(const Tensor& x, std::span<const int64_t> index) override;
  Tensor do_global_mean(const Tensor& x) override;
  Tensor do_max_pool(const Tensor& x, PoolOptions options) override;
  Tensor do_average_pool(const Tensor& x, PoolOptions options) override;
  Tensor do_local_mean(const Tensor& x, int64_t kernel_height, int64_t kernel_width, int fast_stride) override;

 private:
  // The tensor in the dtype of activations. The conversion of a frozen weight is cached.
  torch::Tensor lowered(const Tensor& x) const;

  TorchOptions options_;
};

}  // namespace daclip
