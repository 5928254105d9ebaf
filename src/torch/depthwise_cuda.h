// Depth-wise 3x3 convolution of NHWC maps on a CUDA device, and its gradients: LibTorch's kernels want NCHW, and cuDNN's NHWC
// ones are slow in float32. All launch on the default stream, which is LibTorch's.
#pragma once

#include <cstdint>

namespace daclip {

struct DepthwiseMap {
  int64_t maps, height, width,
      channels;  // channels a multiple of 4, or of kDepthwiseGroup for the gradient of the taps
};

constexpr int64_t kDepthwiseGroup = 32;  // channels that a block of the taps' gradient works on
constexpr int64_t kDepthwiseRows = 32;   // rows, of all maps one after the other, that it sums

// x, y (N,H,W,C); taps (9,C), row by row; bias (C) or null. Zero padding. T is float or __nv_bfloat16's bits (uint16_t).
template <class T>
void depthwise3x3_cuda(const T* x, const float* taps, const float* bias, T* y, DepthwiseMap map);

// Sums over each chunk of kDepthwiseRows rows: partial (ceil(N*H/kDepthwiseRows), 10, C), nine taps and the bias.
template <class T>
void depthwise3x3_grad_taps_cuda(const T* x, const T* grad_y, float* partial, DepthwiseMap map);

}  // namespace daclip
