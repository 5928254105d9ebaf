#include "torch/map_ops_cuda.h"

#include "torch/cuda_vectors.cuh"

namespace daclip {
namespace {

constexpr int kThreads = 256;
constexpr int kMaxVectors = 6;  // maximum number of a row's vectors per thread
constexpr float kNormEps = 1e-6f;

// `lanes` threads of a warp share a row of channels. Each holds every lanes-th vector of four.
int lanes_of(int64_t channels) {
  int lanes = 32;
  while (lanes > 1 && channels / 4 % lanes != 0) lanes /= 2;
  return lanes;
}

__device__ float sum_over_lanes(float v, int lanes) {
  for (int offset = lanes / 2; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffu, v, offset);
  return v;
}

template <class T, int V>
__global__ void layer_norm(const T* __restrict__ x, const float* __restrict__ gain, const float* __restrict__ bias,
                           T* __restrict__ y, float2* __restrict__ stats, int64_t rows, int64_t positions, int lanes) {
  const int64_t thread = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  const int lane = int(thread % lanes);
  const bool inside = thread / lanes < rows;
  const int64_t row = inside ? thread / lanes : rows - 1;
  const int channels = 4 * lanes * V;
  float4 v[V];
  float sum = 0, squares = 0;
#pragma unroll
  for (int k = 0; k < V; ++k) {
    v[k] = load(x + row * channels + 4 * (lane + k * lanes));
    sum += total(v[k]);
  }
  const float mean = sum_over_lanes(sum, lanes) / float(channels);
#pragma unroll
  for (int k = 0; k < V; ++k) {
    v[k] = v[k] + -mean;
    squares += total(v[k] * v[k]);
  }
  const float inverse = rsqrtf(sum_over_lanes(squares, lanes) / float(channels) + kNormEps);
  if (!inside) return;
  const int64_t map = row / positions * channels;
#pragma unroll
  for (int k = 0; k < V; ++k) {
    const int c = 4 * (lane + k * lanes);
    store(y + row * channels + c, v[k] * inverse * load(gain + map + c) + load(bias + map + c));
  }
  if (lane == 0) stats[row] = {mean, inverse};
}

// A block processes kMapChunk positions of one map, kThreads / lanes at a time.
template <class T, int V>
__global__ void layer_norm_grad(const T* __restrict__ grad_y, const T* __restrict__ x, const float2* __restrict__ stats,
                                const float* __restrict__ gain, const T* __restrict__ residual, T* __restrict__ grad_x,
                                float* __restrict__ partial, int64_t positions, int lanes) {
  extern __shared__ float4 warps[];  // (warps, 2, vectors)
  const int lane = threadIdx.x % lanes, vectors = lanes * V, channels = 4 * vectors;
  const int64_t map = blockIdx.y;
  float4 factor[V], gain_sum[V], bias_sum[V];
#pragma unroll
  for (int k = 0; k < V; ++k) {
    factor[k] = load(gain + map * channels + 4 * (lane + k * lanes));
    gain_sum[k] = bias_sum[k] = {0, 0, 0, 0};
  }
  for (int64_t step = threadIdx.x / lanes; step < kMapChunk; step += kThreads / lanes) {
    const int64_t position = int64_t(blockIdx.x) * kMapChunk + step;
    const bool inside = position < positions;
    const int64_t row = map * positions + (inside ? position : 0);
    const float2 s = stats[row];
    float4 g[V], unit[V];
    float sum = 0, product = 0;
#pragma unroll
    for (int k = 0; k < V; ++k) {
      const int64_t at = row * channels + 4 * (lane + k * lanes);
      g[k] = load(grad_y + at) * (inside ? 1.f : 0.f);
      unit[k] = (load(x + at) + -s.x) * s.y;
      gain_sum[k] = gain_sum[k] + g[k] * unit[k];
      bias_sum[k] = bias_sum[k] + g[k];
      g[k] = g[k] * factor[k];
      sum += total(g[k]);
      product += total(g[k] * unit[k]);
    }
    sum = sum_over_lanes(sum, lanes) / float(channels);
    product = sum_over_lanes(product, lanes) / float(channels);
    if (!inside) continue;
#pragma unroll
    for (int k = 0; k < V; ++k) {
      const int64_t at = row * channels + 4 * (lane + k * lanes);
      float4 result = (g[k] + -sum + unit[k] * -product) * s.y;
      if (residual) result = result + load(residual + at);
      store(grad_x + at, result);
    }
  }
#pragma unroll
  for (int k = 0; k < V; ++k) {
    for (int offset = lanes; offset < 32; offset *= 2) {
      gain_sum[k] = gain_sum[k] + shuffled_xor(gain_sum[k], offset);
      bias_sum[k] = bias_sum[k] + shuffled_xor(bias_sum[k], offset);
    }
    if (threadIdx.x % 32 < lanes) {
      float4* mine = warps + threadIdx.x / 32 * 2 * vectors + lane + k * lanes;
      mine[0] = gain_sum[k];
      mine[vectors] = bias_sum[k];
    }
  }
  __syncthreads();
  float* out = partial + (int64_t(blockIdx.x) * gridDim.y + map) * 2 * channels;
  for (int i = threadIdx.x; i < 2 * vectors; i += kThreads) {
    float4 all = {0, 0, 0, 0};
    for (int w = 0; w < kThreads / 32; ++w) all = all + warps[w * 2 * vectors + i];
    store(out + 4 * i, all);
  }
}

// One thread per vector of the result, with `vectors` vectors per row.
template <class T>
__global__ void gate(const T* __restrict__ x, T* __restrict__ y, int64_t count, int vectors) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= count) return;
  const T* first = x + i / vectors * 8 * vectors + 4 * (i % vectors);
  store(y + 4 * i, load(first) * load(first + 4 * vectors));
}

template <class T>
__global__ void gate_grad(const T* __restrict__ grad, const T* __restrict__ x, const float* __restrict__ scale,
                          const float* __restrict__ shift, T* __restrict__ grad_x, int64_t count, int vectors,
                          int64_t positions) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= count) return;
  const int64_t row = i / vectors, at = row * 8 * vectors + 4 * (i % vectors);
  float4 g = load(grad + 4 * i);
  if (scale) {
    const int64_t channel = row / positions * 4 * vectors + 4 * (i % vectors);
    g = g * load(scale + channel) + load(shift + channel);
  }
  const float4 first = load(x + at), second = load(x + at + 4 * vectors);
  store(grad_x + at, g * second);
  store(grad_x + at + 4 * vectors, g * first);
}

template <class T>
__global__ void scale_by_map(const T* __restrict__ x, const float* __restrict__ scale, T* __restrict__ y, int64_t count,
                             int vectors, int64_t positions) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= count) return;
  const int64_t channel = i / vectors / positions * 4 * vectors + 4 * (i % vectors);
  store(y + 4 * i, load(x + 4 * i) * load(scale + channel));
}

// A block sums kMapChunk positions of one map, with as many rows at a time as its threads cover.
template <class T>
__global__ void sum_positions(const T* __restrict__ a, const T* __restrict__ b, float* __restrict__ partial,
                              int64_t positions, int vectors) {
  __shared__ float4 sums[kThreads];
  const int rows = kThreads / vectors, slot = threadIdx.x / vectors, vector = threadIdx.x % vectors;
  const int64_t map = blockIdx.y, begin = int64_t(blockIdx.x) * kMapChunk, end = min(begin + kMapChunk, positions);
  float4 sum = {0, 0, 0, 0};
  if (slot < rows) {
    for (int64_t position = begin + slot; position < end; position += rows) {
      const int64_t at = ((map * positions + position) * vectors + vector) * 4;
      sum = sum + (b ? load(a + at) * load(b + at) : load(a + at));
    }
  }
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (slot != 0) return;
  for (int row = 1; row < rows; ++row) sum = sum + sums[row * vectors + vector];
  store(partial + ((int64_t(blockIdx.x) * gridDim.y + map) * vectors + vector) * 4, sum);
}

unsigned blocks_for(int64_t threads) { return unsigned((threads + kThreads - 1) / kThreads); }

// Calls body with the number of vectors per thread as a compile-time constant.
template <class Body>
void with_vectors(int64_t vectors, const Body& body) {
  switch (vectors) {
    case 1: return body(std::integral_constant<int, 1>());
    case 2: return body(std::integral_constant<int, 2>());
    case 3: return body(std::integral_constant<int, 3>());
    case 4: return body(std::integral_constant<int, 4>());
    case 5: return body(std::integral_constant<int, 5>());
    case 6: return body(std::integral_constant<int, 6>());
  }
}

}  // namespace

bool map_channels_fit(int64_t channels) {
  return channels > 0 && channels % 4 == 0 && channels / 4 <= kThreads &&
         channels / 4 / lanes_of(channels) <= kMaxVectors;
}

template <class T>
void layer_norm_cuda(const T* x, const float* gain, const float* bias, T* y, float* stats, MapSize size) {
  const int lanes = lanes_of(size.channels);
  const int64_t rows = size.maps * size.positions;
  with_vectors(size.channels / 4 / lanes, [&](auto v) {
    layer_norm<T, v.value><<<blocks_for(rows * lanes), kThreads>>>(x, gain, bias, y, reinterpret_cast<float2*>(stats),
                                                                   rows, size.positions, lanes);
  });
  check_launch();
}

template <class T>
void layer_norm_grad_cuda(const T* grad_y, const T* x, const float* stats, const float* gain, const T* residual,
                          T* grad_x, float* partial, MapSize size) {
  const int lanes = lanes_of(size.channels);
  const dim3 grid(unsigned(chunks_of(size)), unsigned(size.maps));
  const size_t shared = kThreads / 32 * 2 * size_t(size.channels) * sizeof(float);
  with_vectors(size.channels / 4 / lanes, [&](auto v) {
    layer_norm_grad<T, v.value><<<grid, kThreads, shared>>>(grad_y, x, reinterpret_cast<const float2*>(stats), gain,
                                                            residual, grad_x, partial, size.positions, lanes);
  });
  check_launch();
}

template <class T>
void gate_cuda(const T* x, T* y, MapSize size) {
  const int64_t count = size.maps * size.positions * size.channels / 4;
  gate<T><<<blocks_for(count), kThreads>>>(x, y, count, int(size.channels / 4));
  check_launch();
}

template <class T>
void gate_grad_cuda(const T* grad, const T* x, const float* scale, const float* shift, T* grad_x, MapSize size) {
  const int64_t count = size.maps * size.positions * size.channels / 4;
  gate_grad<T>
      <<<blocks_for(count), kThreads>>>(grad, x, scale, shift, grad_x, count, int(size.channels / 4), size.positions);
  check_launch();
}

template <class T>
void sum_cuda(const T* a, const T* b, float* partial, MapSize size) {
  const dim3 grid(unsigned(chunks_of(size)), unsigned(size.maps));
  sum_positions<T><<<grid, kThreads>>>(a, b, partial, size.positions, int(size.channels / 4));
  check_launch();
}

template <class T>
void scale_cuda(const T* x, const float* scale, T* y, MapSize size) {
  const int64_t count = size.maps * size.positions * size.channels / 4;
  scale_by_map<T><<<blocks_for(count), kThreads>>>(x, scale, y, count, int(size.channels / 4), size.positions);
  check_launch();
}

#define DACLIP_INSTANTIATE(T)                                                                                        \
  template void layer_norm_cuda(const T*, const float*, const float*, T*, float*, MapSize);                          \
  template void layer_norm_grad_cuda(const T*, const T*, const float*, const float*, const T*, T*, float*, MapSize); \
  template void gate_cuda(const T*, T*, MapSize);                                                                    \
  template void gate_grad_cuda(const T*, const T*, const float*, const float*, T*, MapSize);                         \
  template void sum_cuda(const T*, const T*, float*, MapSize);                                                       \
  template void scale_cuda(const T*, const float*, T*, MapSize);
DACLIP_INSTANTIATE(float)
DACLIP_INSTANTIATE(uint16_t)
#undef DACLIP_INSTANTIATE

}  // namespace daclip
