// The operations that networks are written in, once, for every device. Feature maps are (N,H,W,C), tokens (N,T,C).
// Weights keep the published layouts: convolutions (O,I,kh,kw), dense layers (O,I).
//
// Public functions check their shapes, throw ShapeError naming the operation and the shapes found, and pass on to the
// do_* members that a backend implements; so every backend refuses the same mistakes with the same words.
#pragma once

#include <span>
#include <string>

#include "ops/tensor.h"
#include "ops/weights.h"

namespace daclip {

struct ConvOptions {
  int stride = 1;
  int padding = 0;         // zeros on each of the four sides
  int padding_width = -1;  // zeros left and right, where they are not as many as above and below; -1: as many

  int64_t rows(int64_t height, int64_t kernel) const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t columns(int64_t width, int64_t kernel) const { return (width + 2 * beside() - kernel) / stride + 1; }
  int64_t beside() const { return padding_width < 0 ? padding : padding_width; }
};

// Square windows over a map. What lies outside the map takes no part, neither in a maximum nor in a mean.
struct PoolOptions {
  int kernel = 2;
  int stride = 2;
  int padding = 0;         // on each of the four sides, at most half the kernel
  bool ceil_mode = false;  // also a last window that only begins on the map or in the padding before it

  // Windows along an axis, as PyTorch counts them.
  int64_t windows(int64_t length) const {
    const int64_t span = length + 2 * padding - kernel, count = (span + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    return ceil_mode && (count - 1) * stride >= length + padding ? count - 1 : count;
  }
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string name() const = 0;      // "native", "torch"
  virtual DType compute_dtype() const = 0;   // of activations
  virtual int threads() const { return 1; }  // of the CPU that it computes with

  // --- In and out -------------------------------------------------------------------------------------------------
  // An activation in the compute dtype. data.size() must be the product of `shape`.
  Tensor from_floats(std::span<const float> data, const Shape& shape);
  // A weight, at float32 whatever the compute dtype; operations convert or prepack it once and keep that.
  Tensor weight(std::span<const float> data, const Shape& shape);
  std::vector<float> to_floats(const Tensor& x);

  // --- Convolution and matrices -----------------------------------------------------------------------------------
  // x (N,H,W,I), w (O,I,kh,kw), b (O) or absent -> (N,H',W',O), H' = (H + 2*padding - kh)/stride + 1 and W' likewise.
  Tensor conv2d(const Tensor& x, const Tensor& w, const Tensor& b, ConvOptions options = {});
  // Each channel with its own odd square kernel, stride 1, zero-padded to the same size: x (N,H,W,C), w (C,1,k,k), b (C) or absent.
  Tensor depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor& b);
  // x (...,I), w (O,I), b (O) or absent -> (...,O).
  Tensor linear(const Tensor& x, const Tensor& w, const Tensor& b);
  // a (B,M,K), b (B,K,N), or b (B,N,K) when transpose_b -> (B,M,N).
  Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_b = false);

  // --- Normalisation ----------------------------------------------------------------------------------------------
  // Over the last dimension; gain (C), bias (C) or absent.
  Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float eps);
  // x (N,...,C): over each group of C/groups channels and all positions; gain, bias (C).
  Tensor group_norm(const Tensor& x, int groups, const Tensor& gain, const Tensor& bias, float eps);
  // Last dimension to unit Euclidean length (norms below 1e-12 count as 1e-12).
  Tensor normalize(const Tensor& x);

  // --- Pointwise --------------------------------------------------------------------------------------------------
  Tensor gelu(const Tensor& x);        // exact: x * Phi(x)
  Tensor quick_gelu(const Tensor& x);  // x * sigmoid(1.702 x), OpenAI's CLIP
  Tensor silu(const Tensor& x);
  Tensor relu(const Tensor& x);
  Tensor simple_gate(const Tensor& x);  // first half of the channels times the second: (...,2C) -> (...,C)
  // b has a's shape, or broadcasts to it: trailing (C), or (N,1,...,1,C), or any dimension of 1.
  Tensor add(const Tensor& a, const Tensor& b);
  Tensor mul(const Tensor& a, const Tensor& b);
  Tensor scale(const Tensor& x, float factor);
  // x (N,...,C), scale and shift (N,C): x * (1 + scale) + shift.
  Tensor modulate(const Tensor& x, const Tensor& scale, const Tensor& shift);
  // a + b * gain, gain (C): the scaled residuals of NAFNet.
  Tensor add_scaled(const Tensor& a, const Tensor& b, const Tensor& gain);
  Tensor gelu_gate(const Tensor& x);  // first half of the channels times gelu of the second: (...,2C) -> (...,C)
  Tensor modulate_silu(const Tensor& x, const Tensor& scale, const Tensor& shift);  // silu(modulate(x, scale, shift))
  Tensor add_silu(const Tensor& a, const Tensor& b);                                // a + silu(b), of one shape

  // --- Attention --------------------------------------------------------------------------------------------------
  Tensor softmax(const Tensor& x);  // over the last dimension
  // q (N,T,D), k and v (N,S,D), D = heads * d: softmax(q k^T / sqrt(d)) v per head -> (N,T,D). Causal needs T == S.
  Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads, bool causal = false);
  // q, k, v (N,P,D), D = heads * d, over P positions: q softmax over each head's channels times d^-1/2, k softmax over
  // positions, v / P; result (N,P,D) = q (k^T v).
  Tensor linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads);

  // --- Shape ------------------------------------------------------------------------------------------------------
  Tensor reshape(const Tensor& x, const Shape& shape);
  Tensor concat(std::span<const Tensor> parts, int dim);
  Tensor slice(const Tensor& x, int dim, int64_t begin, int64_t end);  // half open
  // Zeros below and to the right of (N,H,W,C), up to height x width; crop cuts them off again.
  Tensor pad(const Tensor& x, int64_t height, int64_t width);
  // The same by reflection without repeating the border; height < 2H, width < 2W.
  Tensor pad_reflect(const Tensor& x, int64_t height, int64_t width);
  Tensor crop(const Tensor& x, int64_t height, int64_t width);
  Tensor resize_nearest(const Tensor& x, int factor);   // (N,H,W,C) -> (N,fH,fW,C)
  Tensor pixel_shuffle(const Tensor& x, int factor);    // (N,H,W,C*f*f) -> (N,fH,fW,C), PyTorch's channel order
  Tensor pixel_unshuffle(const Tensor& x, int factor);  // its inverse
  Tensor embedding(const Tensor& table, std::span<const int64_t> ids,
                   int64_t rows);                                      // table (V,C), ids (rows*T) -> (rows,T,C)
  Tensor take_token(const Tensor& x, std::span<const int64_t> index);  // (N,T,C), one index a row -> (N,C)

  // --- Pooling ----------------------------------------------------------------------------------------------------
  Tensor global_mean(const Tensor& x);                        // (N,H,W,C) -> (N,1,1,C)
  Tensor max_pool(const Tensor& x, PoolOptions options);      // (N,H,W,C) -> (N,H',W',C), H' = options.windows(H)
  Tensor average_pool(const Tensor& x, PoolOptions options);  // PyTorch's with count_include_pad=False
  // Mean over each kh x kw window that fits, then the border rows and columns repeated to the input's size, as NAFNet's
  // local converter (TLC) does: (N,H,W,C) -> (N,H,W,C). Windows larger than the map are cut to it. With fast_stride >= 1,
  // the reference's approximation (fast_imp): per axis the stride r is the first of 5,4,3,2,1 that divides the axis, but at
  // most fast_stride; s = running sums of x[::r]; k = min(len(s)-1, kernel/r); mean[i] = (s[i+k] - s[i])/k in both axes;
  // each value repeated r times, then bordered: (size-len)/2 before, the rest behind.
  Tensor local_mean(const Tensor& x, int64_t kernel_height, int64_t kernel_width, int fast_stride = 0);

  // --- Whole blocks -----------------------------------------------------------------------------------------------
  // A NAFBlock with global channel attention (nets/nafnet.cpp, which names its weights): x (N,H,W,C), `steer` (N,4C) the
  // scales and shifts of its two norms, or absent. A backend without a faster way than composing it returns an absent tensor.
  virtual Tensor fused_nafblock(const Scope& weights, const Tensor& x, const Tensor& steer) {
    (void)weights, (void)x, (void)steer;
    return {};
  }
  // The U-Net's linear attention with the norm before and the residual around it (nets/unet.cpp, which names its
  // weights): x (N,H,W,C) -> (N,H,W,C), or absent likewise.
  virtual Tensor fused_linear_attention(const Scope& weights, const Tensor& x, int heads, float eps) {
    (void)weights, (void)x, (void)heads, (void)eps;
    return {};
  }

 protected:
  virtual Tensor do_from_floats(std::span<const float> data, const Shape& shape) = 0;
  virtual Tensor do_weight(std::span<const float> data, const Shape& shape) = 0;
  virtual std::vector<float> do_to_floats(const Tensor& x) = 0;
  virtual Tensor do_conv2d(const Tensor& x, const Tensor& w, const Tensor& b, ConvOptions options) = 0;
  virtual Tensor do_depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor& b) = 0;
  virtual Tensor do_linear(const Tensor& x, const Tensor& w, const Tensor& b) = 0;
  virtual Tensor do_matmul(const Tensor& a, const Tensor& b, bool transpose_b) = 0;
  virtual Tensor do_layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float eps) = 0;
  virtual Tensor do_group_norm(const Tensor& x, int groups, const Tensor& gain, const Tensor& bias, float eps) = 0;
  virtual Tensor do_normalize(const Tensor& x) = 0;
  virtual Tensor do_gelu(const Tensor& x) = 0;
  virtual Tensor do_quick_gelu(const Tensor& x) = 0;
  virtual Tensor do_silu(const Tensor& x) = 0;
  virtual Tensor do_relu(const Tensor& x) = 0;
  virtual Tensor do_simple_gate(const Tensor& x) = 0;
  virtual Tensor do_add(const Tensor& a, const Tensor& b) = 0;
  virtual Tensor do_mul(const Tensor& a, const Tensor& b) = 0;
  virtual Tensor do_scale(const Tensor& x, float factor) = 0;
  virtual Tensor do_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) = 0;
  virtual Tensor do_add_scaled(const Tensor& a, const Tensor& b, const Tensor& gain) = 0;
  // These three have the composition of plain operations as their default.
  virtual Tensor do_gelu_gate(const Tensor& x);
  virtual Tensor do_modulate_silu(const Tensor& x, const Tensor& scale, const Tensor& shift);
  virtual Tensor do_add_silu(const Tensor& a, const Tensor& b);
  virtual Tensor do_softmax(const Tensor& x) = 0;
  virtual Tensor do_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads, bool causal) = 0;
  virtual Tensor do_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads) = 0;
  virtual Tensor do_reshape(const Tensor& x, const Shape& shape) = 0;
  virtual Tensor do_concat(std::span<const Tensor> parts, int dim) = 0;
  virtual Tensor do_slice(const Tensor& x, int dim, int64_t begin, int64_t end) = 0;
  virtual Tensor do_pad(const Tensor& x, int64_t height, int64_t width) = 0;
  virtual Tensor do_pad_reflect(const Tensor& x, int64_t height, int64_t width) = 0;
  virtual Tensor do_crop(const Tensor& x, int64_t height, int64_t width) = 0;
  virtual Tensor do_resize_nearest(const Tensor& x, int factor) = 0;
  virtual Tensor do_pixel_shuffle(const Tensor& x, int factor) = 0;
  virtual Tensor do_pixel_unshuffle(const Tensor& x, int factor) = 0;
  virtual Tensor do_embedding(const Tensor& table, std::span<const int64_t> ids, int64_t rows) = 0;
  virtual Tensor do_take_token(const Tensor& x, std::span<const int64_t> index) = 0;
  virtual Tensor do_global_mean(const Tensor& x) = 0;
  virtual Tensor do_max_pool(const Tensor& x, PoolOptions options) = 0;
  virtual Tensor do_average_pool(const Tensor& x, PoolOptions options) = 0;
  virtual Tensor do_local_mean(const Tensor& x, int64_t kernel_height, int64_t kernel_width, int fast_stride) = 0;
};

}  // namespace daclip
