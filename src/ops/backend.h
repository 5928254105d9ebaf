// The operations from which networks are built, independent of the device. Feature maps are (N,H,W,C), tokens (N,T,C).
// Weights keep the published layouts: convolutions (O,I,kh,kw), dense layers (O,I).
//
// The public functions check shapes and throw ShapeError naming the operation and the shapes found. They then call the
// do_* members, which each backend implements; so all backends refuse the same mistakes with the same messages.
#pragma once

#include <span>
#include <string>

#include "ops/tensor.h"
#include "ops/weights.h"

namespace daclip {

struct ConvOptions {
  int stride = 1;
  int padding = 0;         // zero padding on each of the four sides
  int padding_width = -1;  // horizontal zero padding; -1 means `padding`

  int64_t rows(int64_t height, int64_t kernel) const { return (height + 2 * padding - kernel) / stride + 1; }
  int64_t columns(int64_t width, int64_t kernel) const { return (width + 2 * beside() - kernel) / stride + 1; }
  int64_t beside() const { return padding_width < 0 ? padding : padding_width; }
};

// Square pooling windows. Padding is excluded from both max and mean.
struct PoolOptions {
  int kernel = 2;
  int stride = 2;
  int padding = 0;         // on each of the four sides; at most half the kernel
  bool ceil_mode = false;  // also include a last window that starts inside the map or the padding before it

  // Number of windows along an axis of this length, by PyTorch's rule.
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
  // A weight, kept in float32 whatever the compute dtype. Operations may convert or prepack it; they do so once and
  // keep the result.
  Tensor weight(std::span<const float> data, const Shape& shape);
  std::vector<float> to_floats(const Tensor& x);

  // --- Convolution and matrices -----------------------------------------------------------------------------------
  // x (N,H,W,I), w (O,I,kh,kw), b (O) or absent -> (N,H',W',O), H' = (H + 2*padding - kh)/stride + 1 and W' likewise.
  Tensor conv2d(const Tensor& x, const Tensor& w, const Tensor& b, ConvOptions options = {});
  // Depth-wise convolution with an odd square kernel, stride 1, zero-padded to the same size: x (N,H,W,C), w (C,1,k,k),
  // b (C) or absent -> (N,H,W,C).
  Tensor depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor& b);
  // Modulated deformable convolution (DCNv2) with an odd square kernel, stride 1, zero-padded to the same size:
  // x (N,H,W,I), offsets (N,H,W,2kk), mask (N,H,W,kk), w (O,I,k,k), b (O) or absent -> (N,H,W,O). Tap t reads x,
  // bilinearly and 0 outside, at row y + t/k - k/2 + offsets[2t] and column x + t%k - k/2 + offsets[2t + 1], times
  // mask[t].
  Tensor deform_conv2d(const Tensor& x, const Tensor& offsets, const Tensor& mask, const Tensor& w, const Tensor& b);
  // x (...,I), w (O,I), b (O) or absent -> (...,O).
  Tensor linear(const Tensor& x, const Tensor& w, const Tensor& b);
  Tensor linear_gelu_tanh(const Tensor& x, const Tensor& w, const Tensor& b);  // gelu_tanh(linear(x, w, b))
  // a (B,M,K), b (B,K,N), or (B,N,K) if transpose_b -> (B,M,N).
  Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_b = false);

  // A dense layer over positions, the same for every channel: x (N,H,W,C), w (P,P), b (P) with P = side * side ->
  // (N,H,W,C).
  // Each group of P positions gives P values: y[p] = sum_q w[p][q] x[q] + b[p]. side divides H and W.
  // Groups::blocks: a group is one of the map's blocks of side x side neighbours.
  // Groups::grid: the map is cut into side x side cells; a group has the same position in each of them.
  enum class Groups { blocks, grid };
  Tensor mix_positions(const Tensor& x, const Tensor& w, const Tensor& b, Groups groups);

  // --- Normalisation ----------------------------------------------------------------------------------------------
  // Over the last dimension; gain (C), bias (C) or absent.
  Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float eps);
  // x / sqrt(variance + eps) * gain, the variance over the last dimension: the mean stays ("BiasFree" in Restormer).
  Tensor deviation_norm(const Tensor& x, const Tensor& gain, float eps);
  // x (N,...,C): (x - mean) / sqrt(variance + eps) * gain + bias with given statistics, all (C).
  Tensor batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& mean, const Tensor& variance,
                    float eps);
  // Over all positions and the C/groups channels of each group: x (N,...,C); gain, bias (C).
  Tensor group_norm(const Tensor& x, int groups, const Tensor& gain, const Tensor& bias, float eps);
  // Scales the last dimension to unit Euclidean length; norms below 1e-12 count as 1e-12.
  Tensor normalize(const Tensor& x);

  // --- Pointwise --------------------------------------------------------------------------------------------------
  Tensor gelu(const Tensor& x);        // exact: x * Phi(x)
  Tensor gelu_tanh(const Tensor& x);   // x * (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, JAX's default
  Tensor quick_gelu(const Tensor& x);  // x * sigmoid(1.702 x), used by OpenAI's CLIP weights
  Tensor silu(const Tensor& x);
  Tensor relu(const Tensor& x);
  Tensor leaky_relu(const Tensor& x, float slope);  // slope * x where x is negative; slope 0 to 1
  Tensor sigmoid(const Tensor& x);
  Tensor simple_gate(const Tensor& x);  // first half of the channels times the second: (...,2C) -> (...,C)
  // b has a's shape or broadcasts to it: trailing (C), or (N,1,...,1,C), or any dimension of 1.
  Tensor add(const Tensor& a, const Tensor& b);
  Tensor mul(const Tensor& a, const Tensor& b);
  Tensor scale(const Tensor& x, float factor);
  // x (N,...,C), scale and shift (N,C): x * (1 + scale) + shift.
  Tensor modulate(const Tensor& x, const Tensor& scale, const Tensor& shift);
  // a + b * gain, gain (C): the scaled residual of NAFNet.
  Tensor add_scaled(const Tensor& a, const Tensor& b, const Tensor& gain);
  // One half of the channels times gelu of the other: (...,2C) -> (...,C).
  enum class Half { first, second };
  Tensor gelu_gate(const Tensor& x, Half through_gelu = Half::second);
  Tensor modulate_silu(const Tensor& x, const Tensor& scale, const Tensor& shift);  // silu(modulate(x, scale, shift))
  // a + silu(b); a and b have the same shape
  Tensor add_silu(const Tensor& a, const Tensor& b);

  // --- Attention --------------------------------------------------------------------------------------------------
  Tensor softmax(const Tensor& x);  // over the last dimension
  // q (N,T,D), k and v (N,S,D), D = heads * d: softmax(q k^T / sqrt(d)) v per head -> (N,T,D). `causal` requires T ==
  // S.
  Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads, bool causal = false);
  // q, k, v (N,P,D) over P positions, D = heads * d -> q (k^T v), (N,P,D). Before, q is softmaxed over each head's
  // channels and scaled by d^-1/2, k is softmaxed over positions, and v is divided by P.
  Tensor linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads);
  // Attention between channels: qkv (N,...,3D) holds queries, keys and values (P,D) of all positions P, D = heads * d,
  // temperature (heads) -> (N,...,D). Per head, a = softmax(temperature * q^T k) is (d,d), where each channel of q and
  // k has been scaled to unit length over the positions (as normalize()); y[p][i] = sum_j a[i][j] v[p][j].
  Tensor channel_attention(const Tensor& qkv, const Tensor& temperature, int heads);

  // --- Shape ------------------------------------------------------------------------------------------------------
  Tensor reshape(const Tensor& x, const Shape& shape);
  Tensor concat(std::span<const Tensor> parts, int dim);
  Tensor slice(const Tensor& x, int dim, int64_t begin, int64_t end);  // half-open range [begin, end)
  // Zero-pads (N,H,W,C) at the bottom and right to height x width. crop is the inverse.
  Tensor pad(const Tensor& x, int64_t height, int64_t width);
  // Same, by reflection (border sample not repeated); height < 2H, width < 2W.
  Tensor pad_reflect(const Tensor& x, int64_t height, int64_t width);
  Tensor crop(const Tensor& x, int64_t height, int64_t width);
  Tensor resize_nearest(const Tensor& x, int factor);  // (N,H,W,C) -> (N,fH,fW,C)
  // (N,H,W,C) -> (N,height,width,C) with a triangle filter: bilinear where an axis grows. Where it shrinks, the filter
  // is as wide as the step (antialiased, as JAX's and Pillow's) or two pixels (PyTorch's). Pixel centres are at
  // i + 1/2; taps outside the map are left out.
  enum class Shrink { antialiased, two_taps };
  Tensor resize_bilinear(const Tensor& x, int64_t height, int64_t width, Shrink shrink = Shrink::antialiased);
  Tensor pixel_shuffle(const Tensor& x, int factor);    // (N,H,W,C*f*f) -> (N,fH,fW,C), in PyTorch's channel order
  Tensor pixel_unshuffle(const Tensor& x, int factor);  // the inverse of pixel_shuffle
  Tensor embedding(const Tensor& table, std::span<const int64_t> ids,
                   int64_t rows);                                      // table (V,C), ids (rows*T) -> (rows,T,C)
  Tensor take_token(const Tensor& x, std::span<const int64_t> index);  // (N,T,C), one index per row -> (N,C)

  // --- Pooling ----------------------------------------------------------------------------------------------------
  Tensor global_mean(const Tensor& x);                        // (N,H,W,C) -> (N,1,1,C)
  Tensor max_pool(const Tensor& x, PoolOptions options);      // (N,H,W,C) -> (N,H',W',C), H' = options.windows(H)
  Tensor average_pool(const Tensor& x, PoolOptions options);  // as PyTorch's with count_include_pad=False
  // Mean over each kh x kw window inside the map, then border rows and columns repeated to the input's size: (N,H,W,C)
  // -> (N,H,W,C). Windows larger than the map are clipped to it. This is the test-time local converter (TLC) of
  // NAFNet's reference code. With fast_stride >= 1, its approximation fast_imp is computed: along each axis the stride
  // r is the first of 5,4,3,2,1 that divides the axis, but at most fast_stride; s = running sums of x[::r]; k =
  // min(len(s)-1, kernel/r); mean[i] = (s[i+k] - s[i])/k in both axes; each value is repeated r times, then the border:
  // (size-len)/2 before, the rest after.
  Tensor local_mean(const Tensor& x, int64_t kernel_height, int64_t kernel_width, int fast_stride = 0);

  // --- Whole blocks -----------------------------------------------------------------------------------------------
  // A NAFBlock with global channel attention; nets/nafnet.cpp names its weights. x (N,H,W,C); `steer` (N,4C) has the
  // scales and shifts of its two norms, or is absent. A backend returns an absent tensor if it has no faster way than
  // composing the block from the operations above.
  virtual Tensor fused_nafblock(const Scope& weights, const Tensor& x, const Tensor& steer) {
    (void)weights, (void)x, (void)steer;
    return {};
  }
  // The U-Net's linear attention including its pre-norm and residual; nets/unet.cpp names its weights. x (N,H,W,C) ->
  // (N,H,W,C), or an absent tensor, as above.
  virtual Tensor fused_linear_attention(const Scope& weights, const Tensor& x, int heads, float eps) {
    (void)weights, (void)x, (void)heads, (void)eps;
    return {};
  }

  // MAXIM's two gated MLPs along the axes with norm and residual, (N,H,W,C) -> (N,H,W,C), and the gating weights of its
  // cross gating; nets/maxim.cpp names their weights. Or an absent tensor, as above.
  virtual Tensor fused_multi_axis_mlp(const Scope& weights, const Tensor& x, float eps) {
    (void)weights, (void)x, (void)eps;
    return {};
  }
  virtual Tensor fused_spatial_gate(const Scope& weights, const Tensor& x, float eps) {
    (void)weights, (void)x, (void)eps;
    return {};
  }

 protected:
  virtual Tensor do_from_floats(std::span<const float> data, const Shape& shape) = 0;
  virtual Tensor do_weight(std::span<const float> data, const Shape& shape) = 0;
  virtual std::vector<float> do_to_floats(const Tensor& x) = 0;
  virtual Tensor do_conv2d(const Tensor& x, const Tensor& w, const Tensor& b, ConvOptions options) = 0;
  virtual Tensor do_depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor& b) = 0;
  virtual Tensor do_deform_conv2d(const Tensor& x, const Tensor& offsets, const Tensor& mask, const Tensor& w,
                                  const Tensor& b) = 0;
  virtual Tensor do_linear(const Tensor& x, const Tensor& w, const Tensor& b) = 0;
  virtual Tensor do_matmul(const Tensor& a, const Tensor& b, bool transpose_b) = 0;
  virtual Tensor do_mix_positions(const Tensor& x, const Tensor& w, const Tensor& b, Groups groups) = 0;
  virtual Tensor do_layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float eps) = 0;
  virtual Tensor do_deviation_norm(const Tensor& x, const Tensor& gain, float eps) = 0;
  virtual Tensor do_batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& mean,
                               const Tensor& variance, float eps) = 0;
  virtual Tensor do_group_norm(const Tensor& x, int groups, const Tensor& gain, const Tensor& bias, float eps) = 0;
  virtual Tensor do_normalize(const Tensor& x) = 0;
  virtual Tensor do_gelu(const Tensor& x) = 0;
  virtual Tensor do_gelu_tanh(const Tensor& x) = 0;
  virtual Tensor do_quick_gelu(const Tensor& x) = 0;
  virtual Tensor do_silu(const Tensor& x) = 0;
  virtual Tensor do_relu(const Tensor& x) = 0;
  virtual Tensor do_leaky_relu(const Tensor& x, float slope) = 0;
  virtual Tensor do_sigmoid(const Tensor& x) = 0;
  virtual Tensor do_simple_gate(const Tensor& x) = 0;
  virtual Tensor do_add(const Tensor& a, const Tensor& b) = 0;
  virtual Tensor do_mul(const Tensor& a, const Tensor& b) = 0;
  virtual Tensor do_scale(const Tensor& x, float factor) = 0;
  virtual Tensor do_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) = 0;
  virtual Tensor do_add_scaled(const Tensor& a, const Tensor& b, const Tensor& gain) = 0;
  // By default, the next four are composed from the operations above.
  virtual Tensor do_linear_gelu_tanh(const Tensor& x, const Tensor& w, const Tensor& b);
  virtual Tensor do_gelu_gate(const Tensor& x, Half through_gelu);
  virtual Tensor do_modulate_silu(const Tensor& x, const Tensor& scale, const Tensor& shift);
  virtual Tensor do_add_silu(const Tensor& a, const Tensor& b);
  virtual Tensor do_softmax(const Tensor& x) = 0;
  virtual Tensor do_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads, bool causal) = 0;
  virtual Tensor do_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads) = 0;
  virtual Tensor do_channel_attention(const Tensor& qkv, const Tensor& temperature, int heads) = 0;
  virtual Tensor do_reshape(const Tensor& x, const Shape& shape) = 0;
  virtual Tensor do_concat(std::span<const Tensor> parts, int dim) = 0;
  virtual Tensor do_slice(const Tensor& x, int dim, int64_t begin, int64_t end) = 0;
  virtual Tensor do_pad(const Tensor& x, int64_t height, int64_t width) = 0;
  virtual Tensor do_pad_reflect(const Tensor& x, int64_t height, int64_t width) = 0;
  virtual Tensor do_crop(const Tensor& x, int64_t height, int64_t width) = 0;
  virtual Tensor do_resize_nearest(const Tensor& x, int factor) = 0;
  virtual Tensor do_resize_bilinear(const Tensor& x, int64_t height, int64_t width, Shrink shrink) = 0;
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
