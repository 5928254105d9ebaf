// Deformable convolution: the sampled values of a chunk of positions become rows of a matrix.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/native_backend.h"
#include "engine/parallel.h"
#include "engine/rows.h"

namespace daclip {
namespace {

constexpr int64_t kChunk = 2048;  // positions

float value_at(DType type, const void* x, int64_t index) {
  float value;
  kernels::convert(type, at(const_cast<void*>(x), type, index), DType::f32, &value, 1);
  return value;
}

// One image (H,W,C) that is read between its pixels.
struct Sampled {
  DType type;
  void* data;
  int64_t height, width, channels;

  // factor * x at a real position, bilinear, 0 outside.
  void read(float row, float column, float factor, void* to) const {
    const void* rows[4];
    float weights[4];
    size_t count = 0;
    const float top = std::floor(row), left = std::floor(column);
    for (const float y : {top, top + 1})
      for (const float x : {left, left + 1}) {
        if (!(y >= 0 && x >= 0 && y < float(height) && x < float(width))) continue;
        rows[count] = at(data, type, (int64_t(y) * width + int64_t(x)) * channels);
        weights[count++] = factor * (1 - std::abs(row - y)) * (1 - std::abs(column - x));
      }
    if (count == 0) {
      std::memset(to, 0, size_t(channels) * kernels::element_size(type));
      return;
    }
    kernels::weighted_sum(type, rows, weights, count, type, to, size_t(channels));
  }
};

}  // namespace

Tensor NativeBackend::do_deform_conv2d(const Tensor& input, const Tensor& shifts, const Tensor& gates, const Tensor& w,
                                       const Tensor& b) {
  const Tensor x = activation(input), offsets = activation(shifts), mask = activation(gates), bias = floats(b);
  const int64_t k = w.dim(2), taps = k * k, channels = x.dim(3), patch = taps * channels, out = w.dim(0);
  const int64_t positions = x.dim(1) * x.dim(2), total = x.dim(0) * positions;
  const Tensor weights = patch_weights(w);
  Tensor y = make({x.dim(0), x.dim(1), x.dim(2), out});
  const Tensor patches = make({std::min(kChunk, total), patch});
  void *px = data(x), *po = data(offsets), *pm = data(mask), *pp = data(patches), *py = data(y);
  for (int64_t first = 0; first < total; first += kChunk) {
    const int64_t count = std::min(kChunk, total - first);
    parallel_for(threads_, count, grain_rows(patch), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t position = first + i, row = position % positions / x.dim(2), column = position % x.dim(2);
        const Sampled image{type_, at(px, type_, position / positions * positions * channels), x.dim(1), x.dim(2),
                            channels};
        for (int64_t t = 0; t < taps; ++t)
          image.read(float(row + t / k - k / 2) + value_at(type_, po, (position * taps + t) * 2),
                     float(column + t % k - k / 2) + value_at(type_, po, (position * taps + t) * 2 + 1),
                     value_at(type_, pm, position * taps + t), at(pp, type_, (i * taps + t) * channels));
      }
    });
    dnnl_->linear(count, patch, out, pp, weights, bias.defined() ? float_data(bias) : nullptr,
                  at(py, type_, first * out));
  }
  return y;
}

}  // namespace daclip
