// 3x3 depth-wise convolution on (H,W,C) maps, stride 1, zero padding 1. LibTorch 1.13 is several times slower.
#pragma once

#include <cstdint>

namespace daclip {

// y = rows [begin, end) of conv(x, taps) + bias. x (H,W,C), y (end-begin,W,C); taps (9,C), row-major over the kernel;
// bias (C) or null.
void depthwise3x3_rows(const float* x, const float* taps, const float* bias, float* y, int64_t height, int64_t width,
                       int64_t channels, int64_t begin, int64_t end);

// Accumulates the contributions of rows [begin, end) of grad_y to the gradients of the taps, (9,C), and of the bias,
// (C). x, grad_y (H,W,C).
void depthwise3x3_grad_taps(const float* x, const float* grad_y, float* grad_taps, float* grad_bias, int64_t height,
                            int64_t width, int64_t channels, int64_t begin, int64_t end);

}  // namespace daclip
