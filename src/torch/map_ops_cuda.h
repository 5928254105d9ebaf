// The kernels behind map_ops.h. T is float or bfloat16's bits (uint16_t). All launch on the default stream, which is LibTorch's.
#pragma once

#include <cstdint>

namespace daclip {

struct MapSize {
  int64_t maps, positions, channels;
};

// Positions that a block of threads works on where it sums over them: partial sums come as (chunks_of(size), ...).
constexpr int64_t kMapChunk = 256;
inline int64_t chunks_of(const MapSize& size) { return (size.positions + kMapChunk - 1) / kMapChunk; }

// Channels that a row's threads share evenly, four at a time.
bool map_channels_fit(int64_t channels);

// stats (N,P,2)
template <class T>
void layer_norm_cuda(const T* x, const float* gain, const float* bias, T* y, float* stats, MapSize size);
// partial (chunks,N,2,C): gain's and bias's gradients. residual may be null.
template <class T>
void layer_norm_grad_cuda(const T* grad_y, const T* x, const float* stats, const float* gain, const T* residual,
                          T* grad_x, float* partial, MapSize size);
// size.channels: of the gate's result
template <class T>
void gate_cuda(const T* x, T* y, MapSize size);
template <class T>
void gate_grad_cuda(const T* grad, const T* x, const float* scale, const float* shift, T* grad_x, MapSize size);
// partial (chunks,N,C); b may be null
template <class T>
void sum_cuda(const T* a, const T* b, float* partial, MapSize size);
template <class T>
void scale_cuda(const T* x, const float* scale, T* y, MapSize size);

}  // namespace daclip
