// The CPU engine: convolutions and matrix products by oneDNN, the rest by SIMD kernels, memory from a pool, all on
// row-major (N,H,W,C) data. An object serves one thread at a time; different objects are independent. Tensors may
// outlive their backend, and backends of one precision may share weights, also on several threads. Packing a weight
// releases its original form; other uses unpack it again, with bfloat16 rounding if it was packed in bfloat16.
#pragma once

#include <memory>

#include "ops/backend.h"

namespace daclip {

namespace kernels {
enum class Unary;
enum class Binary;
}  // namespace kernels

class Buffer;
class DnnlOps;
class MemoryPool;

struct NativeOptions {
  int threads = 0;               // 0: the machine's cores, or OMP_NUM_THREADS if set
  DType precision = DType::f32;  // of activations and packed weights; sums are always in float32
};

class NativeBackend : public Backend {
 public:
  // Throws DeviceError if this machine does not support the precision, UsageError for negative threads.
  explicit NativeBackend(NativeOptions options = {});
  ~NativeBackend() override;

  // bfloat16 requires processor instructions for it (AVX512-BF16 or AMX); emulated it would be slower than float32.
  static bool supports(DType precision);

  std::string name() const override { return "native"; }
  DType compute_dtype() const override { return type_; }
  int threads() const override { return threads_; }

  Tensor fused_linear_attention(const Scope& weights, const Tensor& x, int heads, float eps) override;

  Tensor fused_multi_axis_mlp(const Scope& weights, const Tensor& x, float eps) override;
  Tensor fused_spatial_gate(const Scope& weights, const Tensor& x, float eps) override;

  // Name of the oneDNN kernel that ran last, for benchmarks.
  std::string last_kernel() const;

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
  Tensor do_linear_gelu_tanh(const Tensor& x, const Tensor& w, const Tensor& b) override;
  Tensor do_gelu_gate(const Tensor& x, Half through_gelu) override;
  Tensor do_modulate_silu(const Tensor& x, const Tensor& scale, const Tensor& shift) override;
  Tensor do_add_silu(const Tensor& a, const Tensor& b) override;
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
  // A new tensor of the given type or the compute type; contents undefined.
  Tensor make(const Shape& shape, DType type);
  Tensor make(const Shape& shape) { return make(shape, type_); }

  void* data(const Tensor& t);               // row-major contents
  Tensor activation(const Tensor& t);        // in the compute type
  Tensor floats(const Tensor& t);            // in float32; an absent tensor stays absent
  const float* float_data(const Tensor& t);  // of a float32 tensor; null if absent
  Tensor converted(const Tensor& t, DType type);

  // Convolutions with non-overlapping windows run as a matrix product.
  bool suits_patches(const Shape& w, ConvOptions options) const;
  void patch_conv2d(const Tensor& x, const Tensor& w, const float* bias, const Tensor& y);
  // 3x3 convolutions from x to y for which Winograd's algorithm is faster.
  bool suits_winograd(const Shape& x, const Shape& y, const Shape& w, int stride) const;
  void winograd_conv2d(const Tensor& x, const Tensor& w, const float* bias, ConvOptions options, const Tensor& y);
  // A weight's forms, made on first use.
  const float* winograd_weights(const Tensor& w);
  const float* depthwise_weights(const Tensor& w);
  Tensor patch_weights(const Tensor& w);

  // Parts of MAXIM's modules, native_mix.cpp.
  void mix_rows(const Tensor& w, const float* bias, void* rows, int64_t row, void* mixed);
  void mix_channels(const Tensor& from, const Tensor& to, int64_t begin, int64_t channels, const Tensor& w,
                    const Tensor& b, Groups groups);
  void norm_rows(void* x, const Tensor& gain, const Tensor& shift, float eps, int64_t rows, int64_t cols, void* y);
  Tensor widened(const Scope& w, const Tensor& x, float eps);
  void gated_mlp(const Scope& w, const Scope& unit, const Tensor& map, int64_t begin, int64_t cols, Groups groups,
                 float eps);

  Tensor unary(kernels::Unary op, const Tensor& x, float factor = 1);
  Tensor binary(kernels::Binary op, const Tensor& a, const Tensor& b);
  // y = x * mul[n][c] + add[n][c] for x (N,...,C), followed by silu if wanted.
  Tensor affine(const Tensor& x, const std::vector<float>& mul, const std::vector<float>& add, bool silu);
  Tensor modulated(const Tensor& x, const Tensor& scale, const Tensor& shift, bool silu);
  // (...,2C) -> (...,C) by a gating kernel.
  Tensor gated(const Tensor& x, void (*kernel)(DType, const void*, void*, size_t, size_t));
  // Sum per channel of x, or of its squared distance to mean[c], over the rows of one image.
  std::vector<double> column_sums(const Tensor& x, int64_t image, const float* mean);
  Tensor pooled(const Tensor& x, const PoolOptions& options, bool maximum);
  Tensor weight_rows(const Tensor& w, int64_t begin, int64_t end);
  // Copies (N,T,heads*d) -> (N*heads,T,d), or back.
  Tensor split_heads(const Tensor& x, int heads);
  Tensor join_heads(const Tensor& x, int heads);
  // Result rows (columns) copy the given rows (columns) of x (N,H,W,C); -1 gives zeros.
  Tensor gather(const Tensor& x, const std::vector<int64_t>& rows, const std::vector<int64_t>& cols);

  int threads_;
  DType type_;
  std::shared_ptr<MemoryPool> pool_;
  std::unique_ptr<DnnlOps> dnnl_;
};

}  // namespace daclip
