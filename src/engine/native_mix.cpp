// Operations of MAXIM: dense layers over the positions of blocks and grids, alone and in its whole modules. A few
// groups run through all layers while they are in the cache.
#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/native_backend.h"
#include "engine/parallel.h"
#include "engine/position_groups.h"
#include "engine/rows.h"

namespace daclip {
namespace {

constexpr int64_t kChunkValues = 1 << 16;  // of one buffer of a chunk

// Calls work(first, last) for chunks of groups. All but the last chunk have one size.
void each_chunk(int64_t groups, int64_t group_values, const std::function<void(int64_t, int64_t)>& work) {
  const int64_t chunk = std::clamp<int64_t>(kChunkValues / group_values, 1, groups);
  for (int64_t first = 0; first < groups; first += chunk) work(first, std::min(groups, first + chunk));
}

}  // namespace

// mixed (P, row) = w (P,P) rows + b, for rows (P, row).
void NativeBackend::mix_rows(const Tensor& w, const float* bias, void* rows, int64_t row, void* mixed) {
  const int64_t positions = w.dim(0);
  dnnl_->matmul({1, positions, positions, row, false, type_}, data(w), rows, mixed);
  parallel_for(threads_, positions, grain_rows(row), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      void* values = at(mixed, type_, p * row);
      kernels::shift(type_, values, bias[p], values, size_t(row));
    }
  });
}

// Channels [begin, begin + channels) of `from`, mixed, into those of `to`, which may be `from`.
void NativeBackend::mix_channels(const Tensor& from, const Tensor& to, int64_t begin, int64_t channels, const Tensor& w,
                                 const Tensor& b, Groups groups) {
  const Tensor matrix = activation(w), bias = floats(b);
  const int64_t positions = w.dim(0), values = positions * channels;
  const PositionGroups source(from, begin, channels, positions, groups), target(to, begin, channels, positions, groups);
  const int64_t largest = std::min(source.count(), std::max<int64_t>(1, kChunkValues / values));
  const Tensor rows = make({largest * values}), mixed = make({largest * values});
  each_chunk(source.count(), values, [&](int64_t first, int64_t last) {
    source.gather(data(from), first, last, data(rows), threads_);
    mix_rows(matrix, float_data(bias), data(rows), (last - first) * channels, data(mixed));
    target.scatter(data(mixed), first, last, data(to), threads_);
  });
}

Tensor NativeBackend::do_mix_positions(const Tensor& input, const Tensor& w, const Tensor& b, Groups groups) {
  const Tensor x = activation(input);
  Tensor y = make(x.shape());
  mix_channels(x, y, 0, x.dim(3), w, b, groups);
  return y;
}

// gelu_tanh(in_project(LayerNorm_in(x))), twice as many channels.
Tensor NativeBackend::widened(const Scope& w, const Tensor& x, float eps) {
  const int64_t cols = x.dim(3), rows = x.numel() / cols,
                chunk = std::min(rows, std::max<int64_t>(1, kChunkValues / cols));
  const Tensor gain = floats(w("LayerNorm_in.weight")), shift = floats(w("LayerNorm_in.bias"));
  const Tensor &project = w("in_project.weight"), bias = floats(w("in_project.bias"));
  const int64_t wide = project.dim(0);
  Tensor y = make({x.dim(0), x.dim(1), x.dim(2), wide});
  const Tensor normed = make({chunk, cols});
  for (int64_t first = 0; first < rows; first += chunk) {
    const int64_t count = std::min(chunk, rows - first);
    norm_rows(at(data(x), type_, first * cols), gain, shift, eps, count, cols, data(normed));
    dnnl_->linear(count, cols, wide, data(normed), project, float_data(bias), at(data(y), type_, first * wide),
                  DnnlOps::After::gelu_tanh);
  }
  return y;
}

void NativeBackend::norm_rows(void* x, const Tensor& gain, const Tensor& shift, float eps, int64_t rows, int64_t cols,
                              void* y) {
  parallel_for(threads_, rows, grain_rows(cols), [&](int64_t begin, int64_t end) {
    kernels::layer_norm(type_, at(x, type_, begin * cols), float_data(gain), float_data(shift),
                        at(y, type_, begin * cols), size_t(end - begin), size_t(cols), eps);
  });
}

// A gated MLP with its residual, in place on channels [begin, begin + channels) of a map.
void NativeBackend::gated_mlp(const Scope& w, const Scope& unit, const Tensor& map, int64_t begin, int64_t cols,
                              Groups groups, float eps) {
  const Tensor gain = floats(w("LayerNorm.weight")), shift = floats(w("LayerNorm.bias"));
  const Tensor inner_gain = floats(unit("intermediate_layernorm.weight")),
               inner_shift = floats(unit("intermediate_layernorm.bias"));
  const Tensor project = w("in_project.weight"), project_bias = floats(w("in_project.bias"));
  const Tensor u_weight = weight_rows(project, 0, cols), v_weight = weight_rows(project, cols, 2 * cols);
  const Tensor &out = w("out_project.weight"), out_bias = floats(w("out_project.bias"));
  const Tensor matrix = activation(unit("Dense_0.weight")), matrix_bias = floats(unit("Dense_0.bias"));
  const int64_t positions = matrix.dim(0), values = positions * cols;
  const PositionGroups parts(map, begin, cols, positions, groups);
  const int64_t largest = std::min(parts.count(), std::max<int64_t>(1, kChunkValues / values)) * values;
  const Tensor x = make({largest}), normed = make({largest}), u = make({largest}), v = make({largest});
  each_chunk(parts.count(), values, [&](int64_t first, int64_t last) {
    const int64_t rows = (last - first) * positions, row = (last - first) * cols;
    parts.gather(data(map), first, last, data(x), threads_);
    norm_rows(data(x), gain, shift, eps, rows, cols, data(normed));
    dnnl_->linear(rows, cols, cols, data(normed), u_weight, float_data(project_bias), data(u),
                  DnnlOps::After::gelu_tanh);
    dnnl_->linear(rows, cols, cols, data(normed), v_weight, float_data(project_bias) + cols, data(v),
                  DnnlOps::After::gelu_tanh);
    norm_rows(data(v), inner_gain, inner_shift, eps, rows, cols, data(v));
    void* mixed = data(normed);
    dnnl_->matmul({1, positions, positions, row, false, type_}, data(matrix), data(v), mixed);
    parallel_for(threads_, positions, grain_rows(row), [&](int64_t from, int64_t to) {
      for (int64_t p = from; p < to; ++p)
        kernels::shifted_gate(type_, at(data(u), type_, p * row), at(mixed, type_, p * row),
                              float_data(matrix_bias)[p] + 1, at(data(u), type_, p * row), size_t(row));
    });
    dnnl_->linear(rows, cols, cols, data(u), out, float_data(out_bias), data(x), DnnlOps::After::add);
    parts.scatter(data(x), first, last, data(map), threads_);
  });
}

Tensor NativeBackend::fused_multi_axis_mlp(const Scope& w, const Tensor& input, float eps) {
  const Tensor x = activation(input), wide = widened(w, x, eps);
  const int64_t cols = x.dim(3);
  if (wide.dim(3) != 2 * cols) return {};
  const Scope grid = w / "GridGmlpLayer", block = w / "BlockGmlpLayer";
  gated_mlp(grid, grid / "GridGatingUnit", wide, 0, cols, Groups::grid, eps);
  gated_mlp(block, block / "BlockGatingUnit", wide, cols, cols, Groups::blocks, eps);
  Tensor y = make(x.shape());
  std::memcpy(data(y), data(x), size_t(x.numel()) * kernels::element_size(type_));
  const Tensor bias = floats(w("out_project.bias"));
  dnnl_->linear(x.numel() / cols, 2 * cols, cols, data(wide), w("out_project.weight"), float_data(bias), data(y),
                DnnlOps::After::add);
  return y;
}

Tensor NativeBackend::fused_spatial_gate(const Scope& w, const Tensor& input, float eps) {
  const Tensor x = activation(input), wide = widened(w, x, eps);
  const int64_t cols = wide.dim(3) / 2;
  mix_channels(wide, wide, 0, cols, w("Dense_0.weight"), w("Dense_0.bias"), Groups::grid);
  mix_channels(wide, wide, cols, cols, w("Dense_1.weight"), w("Dense_1.bias"), Groups::blocks);
  return do_linear(wide, w("out_project.weight"), w("out_project.bias"));
}

Tensor NativeBackend::do_linear_gelu_tanh(const Tensor& input, const Tensor& w, const Tensor& b) {
  const Tensor x = activation(input), bias = floats(b);
  Shape shape = x.shape();
  shape.back() = w.dim(0);
  Tensor y = make(shape);
  dnnl_->linear(x.numel() / w.dim(1), w.dim(1), w.dim(0), data(x), w, float_data(bias), data(y),
                DnnlOps::After::gelu_tanh);
  return y;
}

}  // namespace daclip
