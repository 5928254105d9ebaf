// Depth-wise 3x3 convolution of NHWC maps on a CUDA device, and its gradients. LibTorch's kernels require NCHW, and
// cuDNN's NHWC kernels are slow in float32. Everything launches on the default stream, which LibTorch uses.
#pragma once

#include <cstdint>

namespace daclip {

struct DepthwiseMap {
  int64_t maps, height, width,
      channels;  // a multiple of 4, or of kDepthwiseGroup for the gradient of the taps
};

constexpr int64_t kDepthwiseGroup = 32;  // channels per block in the gradient of the taps
// rows per block in the gradient of the taps; the rows of all maps are numbered consecutively
constexpr int64_t kDepthwiseRows = 32;

// x, y (N,H,W,C); taps (9,C), row by row; bias (C) or null. Zero-padded. T is float, or uint16_t holding a bfloat16.
template <class T>
void depthwise3x3_cuda(const T* x, const float* taps, const float* bias, T* y, DepthwiseMap map);

// Sums over each chunk of kDepthwiseRows rows: partial (ceil(N*H/kDepthwiseRows), 10, C) has nine taps and the bias.
template <class T>
void depthwise3x3_grad_taps_cuda(const T* x, const T* grad_y, float* partial, DepthwiseMap map);

}  // namespace daclip
