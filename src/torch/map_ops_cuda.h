// The CUDA kernels behind map_ops.h. T is float, or uint16_t holding a bfloat16. Everything launches on the default
// stream, which LibTorch uses.
#pragma once

#include <cstdint>

namespace daclip {

struct MapSize {
  int64_t maps, positions, channels;
};

// Positions per block in sums over positions. Partial sums have the shape (chunks_of(size), ...).
constexpr int64_t kMapChunk = 256;
inline int64_t chunks_of(const MapSize& size) { return (size.positions + kMapChunk - 1) / kMapChunk; }

// Whether the channels divide evenly, in vectors of four, among a row's threads.
bool map_channels_fit(int64_t channels);

// stats (N,P,2)
template <class T>
void layer_norm_cuda(const T* x, const float* gain, const float* bias, T* y, float* stats, MapSize size);
// partial (chunks,N,2,C): gain's and bias's gradients. residual may be null.
template <class T>
void layer_norm_grad_cuda(const T* grad_y, const T* x, const float* stats, const float* gain, const T* residual,
                          T* grad_x, float* partial, MapSize size);
// size.channels is that of the gate's result.
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
