// A whole NAFBlock on one (H,W,C) map, forward and backward, for CPUs with AVX2 or AVX-512. The matrix products, norms,
// gates and the depth-wise convolution process a few rows at a time, so that only what the backward pass reads is
// written to memory.
//
//   a1 = W1 norm1(x) + b1          d = depthwise(a1)          g = d_left * d_right        s = Wa mean(g) + ba
//   y  = x + W3 (g * s) + b3       a4 = W4 norm2(y) + b4      out = y + W5 (a4_left * a4_right) + b5
//
// W3, b3 and W5, b5 already include the block's gains beta and gamma. C is a multiple of 16.
#pragma once

#include <cstdint>
#include <vector>

namespace daclip {

struct NafMap {
  int64_t height, width, channels;
  int64_t pixels() const { return height * width; }
};

// Matrices packed by NafKernels::pack.
struct NafWeights {
  const float *conv1, *bias1;               // (C,2C), (2C)
  const float *taps, *bias2;                // (9,2C), (2C)
  const float *attention, *attention_bias;  // (C out, C in), (C)
  const float *conv3, *bias3;               // (C,C), (C)
  const float *conv4, *bias4;               // (C,2C), (2C)
  const float *conv5, *bias5;               // (C,C), (C)
};

// One map's gains and biases of the two norms, (C) each.
struct NafNorms {
  const float *gain1, *bias1, *gain2, *bias2;
};

// The values that forward saves for backward.
struct NafSaved {
  float* hidden;   // a1 (HW,2C)
  float* spatial;  // d (HW,2C)
  float* middle;   // y (HW,C)
  float* gate;     // a4 (HW,2C)
  float* stats;    // (HW,4): mean and 1/deviation of x, then of y
  float* pooled;   // mean of g (C)
  float* scale;    // s (C)
};

// The packed matrices of the backward pass, outputs in rows: gradient of x = gradient of y * matrix.
struct NafBackwardWeights {
  const float *conv1, *conv3, *conv4, *conv5;  // (2C,C), (C,C), (2C,C), (C,C)
  const float* turned_taps;                    // (9,2C), the kernel rotated by 180 degrees
  const float* attention;                      // (C out, C in)
  const float* plain_conv3;                    // (C out, C in), not packed, including beta
};

// Sums accumulated over maps. Those of W3 and W5 are outer products with the gradients of y and out, so they exclude
// the factors beta and gamma.
struct NafGradients {
  float *conv1, *bias1;  // (2C,C), (2C)
  float *taps, *bias2;   // (9,2C), (2C)
  float *attention, *attention_bias;
  float *outer3, *sum3;  // (C,C), (C)
  float *conv4, *bias4;
  float *outer5, *sum5;
};

// One map's gradients, accumulated: (C) each.
struct NafNormGradients {
  float *gain1, *bias1, *gain2, *bias2;
};

// One thread's working memory; grows as needed.
class NafScratch {
 public:
  float* get(int slot, int64_t count);  // slots 0-6

 private:
  std::vector<float> slots_[7];
};

constexpr float kNafNormEps = 1e-6f;

struct NafKernels {
  // Packs B (K,N) for the matrix products; element (k,n) is w[k * row_stride + n * column_stride]. Panels are two
  // registers' columns wide (the last may be one register), stored consecutively, each row-major. `packed` has room for
  // K*N values.
  void (*pack)(const float* w, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride, float* packed);

  void (*forward)(const NafMap& map, const NafWeights& weights, const NafNorms& norms, const float* x,
                  const NafSaved& saved, float* out, NafScratch& scratch);

  void (*backward)(const NafMap& map, const NafBackwardWeights& weights, const NafNorms& norms, const float* x,
                   const NafSaved& saved, const float* grad_out, float* grad_x, const NafGradients& grads,
                   const NafNormGradients& norm_grads, NafScratch& scratch);
};

// Each requires a processor with these instructions.
extern const NafKernels kNafAvx2, kNafAvx512;

}  // namespace daclip
