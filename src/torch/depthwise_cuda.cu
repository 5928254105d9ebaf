#include "torch/depthwise_cuda.h"

#include "torch/cuda_vectors.cuh"

namespace daclip {
namespace {

__device__ void add_product(float4& sum, float4 a, float4 b) {
  sum.x += a.x * b.x;
  sum.y += a.y * b.y;
  sum.z += a.z * b.z;
  sum.w += a.w * b.w;
}

constexpr int kStrip =
    4;  // outputs below each other that one thread makes, so that it loads a row once for three of them

template <class T>
__global__ void convolve(const T* __restrict__ x, const float* __restrict__ taps, const float* __restrict__ bias,
                         T* __restrict__ y, DepthwiseMap map) {
  const int64_t groups = map.channels / 4, strips = (map.height + kStrip - 1) / kStrip;
  int64_t index = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= map.maps * strips * map.width * groups) return;
  const int64_t c = 4 * (index % groups);
  index /= groups;
  const int64_t column = index % map.width;
  index /= map.width;
  const int64_t first = index % strips * kStrip;
  const int64_t origin = index / strips * map.height * map.width * map.channels + c;
  float4 tap[9];
  for (int k = 0; k < 9; ++k) tap[k] = load(taps + k * map.channels + c);
  const float4 start = bias ? load(bias + c) : float4{0, 0, 0, 0};
  float4 sum[kStrip];
  for (int i = 0; i < kStrip; ++i) sum[i] = start;
#pragma unroll
  for (int dy = -1; dy <= kStrip; ++dy) {
    const int64_t row = first + dy;
    if (row < 0 || row >= map.height) continue;
#pragma unroll
    for (int dx = -1; dx <= 1; ++dx) {
      if (column + dx < 0 || column + dx >= map.width) continue;
      const float4 value = load(x + origin + (row * map.width + column + dx) * map.channels);
#pragma unroll
      for (int i = 0; i < kStrip; ++i)
        if (dy - i >= -1 && dy - i <= 1) add_product(sum[i], value, tap[3 * (dy - i + 1) + dx + 1]);
    }
  }
  for (int i = 0; i < kStrip; ++i)
    if (first + i < map.height) store(y + origin + ((first + i) * map.width + column) * map.channels, sum[i]);
}

constexpr int kLanes = kDepthwiseGroup / 4;  // threads side by side, four channels each

// A block has kLanes x kDepthwiseRows threads. Each walks along one row with the surrounding 3x3 window in registers.
template <class T>
__global__ void grad_taps(const T* __restrict__ x, const T* __restrict__ grad_y, float* __restrict__ partial,
                          DepthwiseMap map) {
  const int lane = threadIdx.x % kLanes;
  const int64_t c = (int64_t(blockIdx.y) * kLanes + lane) * 4;
  const int64_t line = int64_t(blockIdx.x) * kDepthwiseRows + threadIdx.x / kLanes;
  float4 sum[10];
  for (int k = 0; k < 10; ++k) sum[k] = {0, 0, 0, 0};
  if (line < map.maps * map.height) {
    const int64_t row = line % map.height;
    const T* here = x + line * map.width * map.channels + c;  // the rows of all maps are consecutive
    const T* g = grad_y + line * map.width * map.channels + c;
    const float4 zero = {0, 0, 0, 0};
    const auto at = [&](int dy, int64_t column) {
      const bool inside = row + dy >= 0 && row + dy < map.height && column < map.width;
      return inside ? load(here + (dy * map.width + column) * map.channels) : zero;
    };
    float4 window[3][3];  // [dy][dx]
    for (int r = 0; r < 3; ++r) {
      window[r][0] = zero;
      window[r][1] = at(r - 1, 0);
    }
    for (int64_t column = 0; column < map.width; ++column) {
      for (int r = 0; r < 3; ++r) window[r][2] = at(r - 1, column + 1);
      const float4 gradient = load(g + column * map.channels);
#pragma unroll
      for (int r = 0; r < 3; ++r) {
#pragma unroll
        for (int k = 0; k < 3; ++k) add_product(sum[3 * r + k], window[r][k], gradient);
        window[r][0] = window[r][1];
        window[r][1] = window[r][2];
      }
      add_product(sum[9], gradient, {1, 1, 1, 1});
    }
  }
  // First sums the four rows of a warp, then the warps.
  __shared__ float4 warps[kDepthwiseRows * kLanes / 32][kLanes][10];
  const int warp = threadIdx.x / 32;
  for (int k = 0; k < 10; ++k) {
    for (int offset = kLanes; offset < 32; offset *= 2) {
      sum[k].x += __shfl_xor_sync(0xffffffffu, sum[k].x, offset);
      sum[k].y += __shfl_xor_sync(0xffffffffu, sum[k].y, offset);
      sum[k].z += __shfl_xor_sync(0xffffffffu, sum[k].z, offset);
      sum[k].w += __shfl_xor_sync(0xffffffffu, sum[k].w, offset);
    }
    if (threadIdx.x % 32 < kLanes) warps[warp][lane][k] = sum[k];
  }
  __syncthreads();
  if (threadIdx.x >= kLanes * 10) return;
  const int k = threadIdx.x / kLanes;
  float4 total = {0, 0, 0, 0};
  for (int w = 0; w < kDepthwiseRows * kLanes / 32; ++w) add_product(total, warps[w][lane][k], {1, 1, 1, 1});
  store(partial + (int64_t(blockIdx.x) * 10 + k) * map.channels + c, total);
}

}  // namespace

template <class T>
void depthwise3x3_cuda(const T* x, const float* taps, const float* bias, T* y, DepthwiseMap map) {
  constexpr int kThreads = 256;
  const int64_t strips = (map.height + kStrip - 1) / kStrip;
  const int64_t count = map.maps * strips * map.width * (map.channels / 4);
  if (count == 0) return;
  convolve<T><<<unsigned((count + kThreads - 1) / kThreads), kThreads>>>(x, taps, bias, y, map);
  check_launch();
}

template <class T>
void depthwise3x3_grad_taps_cuda(const T* x, const T* grad_y, float* partial, DepthwiseMap map) {
  const int64_t chunks = (map.maps * map.height + kDepthwiseRows - 1) / kDepthwiseRows;
  if (chunks == 0) return;
  const dim3 grid(unsigned(chunks), unsigned(map.channels / kDepthwiseGroup));
  grad_taps<T><<<grid, kLanes * kDepthwiseRows>>>(x, grad_y, partial, map);
  check_launch();
}

template void depthwise3x3_cuda(const float*, const float*, const float*, float*, DepthwiseMap);
template void depthwise3x3_cuda(const uint16_t*, const float*, const float*, uint16_t*, DepthwiseMap);
template void depthwise3x3_grad_taps_cuda(const float*, const float*, float*, DepthwiseMap);
template void depthwise3x3_grad_taps_cuda(const uint16_t*, const uint16_t*, float*, DepthwiseMap);

}  // namespace daclip
