// SIMD kernels over rows of channels. Highway compiles them for several instruction sets and picks one at run time.
// They are single-threaded; the backend splits the rows. Activations are float32 or bfloat16 in memory (`type`) and
// computed in float32; gains, biases, sums and depth-wise kernels are float32. x and y may be the same memory if their
// types are equal.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/tensor.h"

namespace daclip::kernels {

inline size_t element_size(DType type) { return type == DType::f32 ? 4 : 2; }

enum class Unary { gelu, gelu_tanh, quick_gelu, silu, relu, leaky_relu, sigmoid, scale };
enum class Binary { add, mul, add_silu };

// y[i] = op(x[i]). `factor` is that of scale, or the slope of leaky_relu, 0 to 1.
void unary(Unary op, DType type, const void* x, void* y, size_t count, float factor);

// y[r][c] = op(a[r][c], b[r * b_stride + c]); if b_scalar, b[r * b_stride] for every c.
void binary(Binary op, DType type, const void* a, const void* b, void* y, size_t rows, size_t cols, size_t b_stride,
            bool b_scalar);

void convert(DType from, const void* x, DType to, void* y, size_t count);

// x (rows, 2*cols) -> y (rows, cols).
void simple_gate(DType type, const void* x, void* y, size_t rows, size_t cols);

// x (rows, 2*cols) -> y (rows, cols): one half times gelu of the other, of the first half or of the second.
void gelu_gate_first(DType type, const void* x, void* y, size_t rows, size_t cols);
void gelu_gate_second(DType type, const void* x, void* y, size_t rows, size_t cols);

// y = x * mul[c] + add[c], followed by silu if wanted.
void affine(DType type, const void* x, const float* mul, const float* add, bool silu, void* y, size_t rows,
            size_t cols);

// y = a + b * gain[c].
void add_scaled(DType type, const void* a, const void* b, const float* gain, void* y, size_t rows, size_t cols);

// bias may be null.
void layer_norm(DType type, const void* x, const float* gain, const float* bias, void* y, size_t rows, size_t cols,
                float eps);

// y = x / sqrt(variance + eps) * gain.
void deviation_norm(DType type, const void* x, const float* gain, void* y, size_t rows, size_t cols, float eps);

void normalize(DType type, const void* x, void* y, size_t rows, size_t cols);

// sums[c] = sum over rows of x, or of (x - mean[c])^2 if mean is not null. Pass at most a few hundred rows per call to
// keep float32 rounding errors small.
void column_sums(DType type, const void* x, const float* mean, float* sums, size_t rows, size_t cols);

// Softmax of factor * x over each row. If causal, row r sees its first `visible` + r values and the rest become 0.
struct SoftmaxRows {
  DType from, to;
  size_t rows, cols;
  float factor = 1;
  bool causal = false;
  size_t visible = 0;
};
void softmax(const SoftmaxRows& job, const void* x, void* y);

// y[i] = sum over t of weights[t] * rows[t][i].
void weighted_sum(DType from, const void* const* rows, const float* weights, size_t count, DType to, void* y,
                  size_t cols);

// y = x + shift, and y = u * (x + shift).
void shift(DType type, const void* x, float shift, void* y, size_t count);
void shifted_gate(DType type, const void* u, const void* x, float shift, void* y, size_t count);

// Depth-wise convolution, zero-padded: computes rows [first, last) of y from one image (H,W,C); w (k,k,C), bias (C) or
// null.
struct Depthwise {
  DType type;
  int64_t height, width, channels, kernel;
  const float* w;
  const float* bias;
};
void depthwise(const Depthwise& job, const void* x, void* y, int64_t first, int64_t last);

// --- 3x3 convolution with stride 1 by Winograd's F(4x4,3x3), float32 ------------------------------------------------
// The output is divided into tiles of 4x4 pixels, clipped at the border and numbered row by row, image after image. A
// tile takes 36 products per pair of channels; direct convolution takes 144. The error is a few times larger: about
// 4e-6 of the largest value over 512 channels.
struct Winograd {
  int64_t height, width, in, padding, padding_width, out_h, out_w, out;
  const float* w;     // from winograd_weights
  const float* bias;  // (out) or null
};
// Sizes are numbers of values. w (out,in,3,3), of which input channels [begin, end) are packed.
size_t winograd_weight_size(int64_t in, int64_t out);
void winograd_weights(const float* w, int64_t in, int64_t out, int64_t begin, int64_t end, float* packed);
// the inverse, except for rounding
void winograd_plain_weights(const float* packed, int64_t in, int64_t out, float* w);
size_t winograd_scratch_size(int64_t in, int64_t out, int64_t tiles);
// x (N,H,W,in) -> the pixels of tiles [first, last) in y (N,H',W',out).
void winograd(const Winograd& job, const float* x, float* y, int64_t first, int64_t last, float* scratch);

// --- Linear attention over `rows` positions of (heads * d) channels -------------------------------------------------
// Rows of q, k and v are `stride` values apart.
// top[c] = max(top[c], x[r][c]).
void column_max(DType type, const void* x, size_t stride, float* top, size_t rows, size_t cols);
// e = exp(k - top): sums[c] += e, context[(h*d + i)*d + j] += e[h*d + i] * v[h*d + j].
void linear_context(DType type, const void* k, const void* v, size_t stride, const float* top, float* sums,
                    float* context, size_t rows, size_t heads, size_t d);
// y[h*d + j] = sum_i softmax_h(q)[h*d + i] * context[(h*d + i)*d + j]; rows of y are contiguous.
void linear_read(DType type, const void* q, size_t stride, const float* context, void* y, size_t rows, size_t heads,
                 size_t d);

// --- Attention between channels -------------------------------------------------------------------------------------
// A row of qkv has the queries, keys and values of a position, (heads * d) channels each.
// products[(h*d + i)*d + j] += q[h*d + i] * k[h*d + j], and squares[c] += q[c]^2, then k[c]^2. Pass at most a few
// hundred rows per call to keep float32 rounding errors small.
void channel_products(DType type, const void* qkv, float* products, float* squares, size_t rows, size_t heads,
                      size_t d);
// y[h*d + i] = sum_j weights[(h*d + i)*d + j] * v[h*d + j].
void channel_mix(DType type, const void* qkv, const float* weights, void* y, size_t rows, size_t heads, size_t d);

}  // namespace daclip::kernels
