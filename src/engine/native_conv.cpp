#include <algorithm>
#include <cstring>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/native_backend.h"
#include "engine/parallel.h"
#include "engine/rows.h"

namespace daclip {
namespace {

// Below these numbers of input channels and tiles, the transforms cost more than they save.
constexpr int64_t kMinChannels = 16, kMinTiles = 4;

// Limits of a thread's work unit. The inputs and products of all points must stay in its cache, but the rows must be
// enough to amortise reading the weights, which are four times as large as untransformed ones.
constexpr int64_t kBlockValues = int64_t(1) << 18, kBlockRows = 36;

int64_t tiles_along(int64_t size) { return (size + 3) / 4; }

}  // namespace

// Non-overlapping windows: each window becomes a row of a matrix.
bool NativeBackend::suits_patches(const Shape& w, ConvOptions options) const {
  return type_ == DType::f32 && w[2] > 1 && w[2] == w[3] && options.stride == w[2] && options.padding == 0 &&
         options.beside() == 0;
}

// (O,kh*kw*I)
Tensor NativeBackend::patch_weights(const Tensor& w) {
  const int64_t out = w.dim(0), in = w.dim(1), window = w.dim(2) * w.dim(3), patch = window * in;
  NativeStorage& storage = w.storage<NativeStorage>();
  const std::lock_guard lock(storage.mutex);
  if (!storage.patches.defined()) {
    const Tensor plain = floats(w);
    const float* from = float_data(plain);
    std::vector<float> values(size_t(out * patch));
    for (int64_t o = 0; o < out; ++o)
      for (int64_t c = 0; c < in; ++c)
        for (int64_t i = 0; i < window; ++i) values[size_t(o * patch + i * in + c)] = *from++;
    storage.patches = do_weight(values, {out, patch});
  }
  return storage.patches;
}

void NativeBackend::patch_conv2d(const Tensor& x, const Tensor& w, const float* bias, const Tensor& y) {
  const int64_t in = w.dim(1), k = w.dim(2), row = k * in, patch = k * row, out = y.dim(3), columns = y.dim(2);
  const int64_t rows = y.dim(0) * y.dim(1);
  const Tensor patches = make({rows * columns, patch});
  const float* from = float_data(x);
  float* to = static_cast<float*>(data(patches));
  parallel_for(threads_, rows, grain_rows(columns * patch), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      for (int64_t i = 0; i < k; ++i) {
        const float* source = from + (r / y.dim(1) * x.dim(1) + r % y.dim(1) * k + i) * x.dim(2) * in;
        for (int64_t j = 0; j < columns; ++j)
          std::memcpy(to + (r * columns + j) * patch + i * row, source + j * row, size_t(row) * sizeof(float));
      }
  });
  dnnl_->linear(rows * columns, patch, out, to, patch_weights(w), bias, data(y));
}

bool NativeBackend::suits_winograd(const Shape& x, const Shape& y, const Shape& w, int stride) const {
  return type_ == DType::f32 && w[2] == 3 && w[3] == 3 && stride == 1 && x[3] >= kMinChannels &&
         y[0] * tiles_along(y[1]) * tiles_along(y[2]) >= kMinTiles;
}

const float* NativeBackend::winograd_weights(const Tensor& w) {
  NativeStorage& storage = w.storage<NativeStorage>();
  const std::lock_guard lock(storage.mutex);
  const int64_t out = w.dim(0), in = w.dim(1);
  if (!storage.winograd) {
    const Tensor plain = floats(w);
    const float* from = float_data(plain);
    auto buffer = pool_->allocate(kernels::winograd_weight_size(in, out) * sizeof(float));
    float* to = static_cast<float*>(buffer->data());
    parallel_for(threads_, in, std::max<int64_t>(1, 4096 / out),
                 [&](int64_t begin, int64_t end) { kernels::winograd_weights(from, in, out, begin, end, to); });
    storage.winograd = std::move(buffer);
    if (storage.is_weight && storage.packed.empty()) storage.buffer.reset();
  }
  return static_cast<const float*>(storage.winograd->data());
}

void NativeBackend::winograd_conv2d(const Tensor& x, const Tensor& w, const float* bias, ConvOptions options,
                                    const Tensor& y) {
  const int64_t in = x.dim(3), out = y.dim(3);
  const kernels::Winograd job{x.dim(1), x.dim(2), in,  options.padding,     options.beside(),
                              y.dim(1), y.dim(2), out, winograd_weights(w), bias};
  const int64_t tiles = y.dim(0) * tiles_along(job.out_h) * tiles_along(job.out_w);
  const int64_t most = std::max(kBlockRows, kBlockValues / (36 * (in + out)));
  const int64_t blocks = std::max((tiles + most - 1) / most, std::min<int64_t>(threads_, tiles / kMinTiles));
  const int64_t workers = std::min<int64_t>(threads_, blocks), block = (tiles + blocks - 1) / blocks;
  const int64_t size = int64_t(kernels::winograd_scratch_size(in, out, block));
  const auto scratch = pool_->allocate(size_t(workers * size) * sizeof(float));
  const float* from = static_cast<const float*>(data(x));
  float *to = static_cast<float*>(data(y)), *work = static_cast<float*>(scratch->data());
  parallel_for(int(workers), workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t worker = begin; worker < end; ++worker)
      for (int64_t i = blocks * worker / workers; i < blocks * (worker + 1) / workers; ++i)
        kernels::winograd(job, from, to, tiles * i / blocks, tiles * (i + 1) / blocks, work + worker * size);
  });
}

}  // namespace daclip
