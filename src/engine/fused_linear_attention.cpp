// The U-Net's linear attention as one operation. At full resolution queries, keys and values take six times the map's
// memory; here only one chunk of positions exists at a time.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/native_backend.h"
#include "engine/parallel.h"
#include "engine/rows.h"

namespace daclip {
namespace {

constexpr int64_t kChunk = 2048;  // positions
constexpr int64_t kBlock = 256;   // positions per float32 partial sum

// Streaming softmax over positions: sums and contexts are relative to the largest key so far.
class KeyValueSum {
 public:
  KeyValueSum(DType type, int heads, int64_t d, int threads)
      : type_(type), heads_(heads), d_(d), cols_(heads * d), threads_(threads),
        top_(size_t(cols_), -std::numeric_limits<float>::infinity()), sums_(size_t(cols_)),
        contexts_(size_t(cols_ * d)) {}

  // kv (rows, 2*heads*d): keys, then values.
  void add(void* kv, int64_t rows) {
    const int64_t blocks = (rows + kBlock - 1) / kBlock;
    std::vector<float> tops(size_t(blocks * cols_), -std::numeric_limits<float>::infinity());
    each_block(rows, [&](int64_t i, int64_t first, size_t count) {
      kernels::column_max(type_, at(kv, type_, first * 2 * cols_), size_t(2 * cols_), &tops[size_t(i * cols_)], count,
                          size_t(cols_));
    });
    raise_top(tops);
    std::vector<float> sums(size_t(blocks * cols_)), contexts(size_t(blocks * cols_ * d_));
    each_block(rows, [&](int64_t i, int64_t first, size_t count) {
      void* keys = at(kv, type_, first * 2 * cols_);
      kernels::linear_context(type_, keys, at(keys, type_, cols_), size_t(2 * cols_), top_.data(),
                              &sums[size_t(i * cols_)], &contexts[size_t(i * cols_ * d_)], count, size_t(heads_),
                              size_t(d_));
    });
    for (size_t i = 0; i < sums.size(); ++i) sums_[i % sums_.size()] += double(sums[i]);
    for (size_t i = 0; i < contexts.size(); ++i) contexts_[i % contexts_.size()] += double(contexts[i]);
  }

  // The context also takes the softmax's denominator, q's factor d^-1/2 and v's factor 1/P.
  std::vector<float> scaled(int64_t positions) const {
    std::vector<float> result(contexts_.size());
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = float(contexts_[i] / (sums_[i / size_t(d_)] * std::sqrt(double(d_)) * double(positions)));
    return result;
  }

 private:
  template <class Work>
  void each_block(int64_t rows, const Work& work) const {
    parallel_for(threads_, (rows + kBlock - 1) / kBlock, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) work(i, i * kBlock, size_t(std::min(kBlock, rows - i * kBlock)));
    });
  }

  void raise_top(const std::vector<float>& tops) {
    const std::vector<float> before = top_;
    for (size_t i = 0; i < tops.size(); ++i) top_[i % top_.size()] = std::max(top_[i % top_.size()], tops[i]);
    for (size_t c = 0; c < top_.size(); ++c) {
      const double factor = std::exp(double(before[c]) - double(top_[c]));
      sums_[c] *= factor;
      for (int64_t j = 0; j < d_; ++j) contexts_[c * size_t(d_) + size_t(j)] *= factor;
    }
  }

  DType type_;
  int64_t heads_, d_, cols_;
  int threads_;
  std::vector<float> top_;
  std::vector<double> sums_, contexts_;
};

}  // namespace

// Rows [begin, end) of a weight as a separate weight, cached in the weight's storage.
Tensor NativeBackend::weight_rows(const Tensor& w, int64_t begin, int64_t end) {
  NativeStorage& storage = w.storage<NativeStorage>();
  const std::lock_guard lock(storage.mutex);
  for (const NativeStorage::Rows& part : storage.rows)
    if (part.begin == begin && part.weight.dim(0) == end - begin) return part.weight;
  const Tensor plain = floats(w);
  Shape shape = w.shape();
  const int64_t row = w.numel() / shape[0];
  shape[0] = end - begin;
  storage.rows.push_back({begin, do_weight({float_data(plain) + begin * row, size_t((end - begin) * row)}, shape)});
  return storage.rows.back().weight;
}

Tensor NativeBackend::fused_linear_attention(const Scope& w, const Tensor& input, int heads, float eps) {
  const Tensor x = activation(input), gain = floats(w("norm.g")), out_gain = floats(w("fn.to_out.1.g"));
  const Tensor &qkv = w("fn.to_qkv.weight"), &out = w("fn.to_out.0.weight");
  const Tensor out_bias = floats(w("fn.to_out.0.bias"));
  const int64_t cols = x.dim(3), inner = qkv.dim(0) / 3, images = x.dim(0), positions = x.dim(1) * x.dim(2);
  const Tensor query_weight = weight_rows(qkv, 0, inner), key_value_weight = weight_rows(qkv, inner, 3 * inner);
  const int64_t chunk = std::min(kChunk, positions);
  Tensor y = make(x.shape()), normed = make({chunk, cols});
  const Tensor wide = make({chunk, 2 * inner}), read = make({chunk, inner});
  void *px = data(x), *py = data(y), *pn = data(normed), *pw = data(wide), *pr = data(read);
  const auto each_row = [&](int64_t rows, const auto& work) { parallel_for(threads_, rows, grain_rows(cols), work); };
  const auto norm = [&](void* from, const Tensor& g, int64_t rows) {
    each_row(rows, [&](int64_t begin, int64_t end) {
      kernels::layer_norm(type_, at(from, type_, begin * cols), float_data(g), nullptr, at(pn, type_, begin * cols),
                          size_t(end - begin), size_t(cols), eps);
    });
  };
  const auto each_chunk = [&](int64_t image, const auto& work) {
    for (int64_t first = 0; first < positions; first += kChunk)
      work((image * positions + first) * cols, std::min(kChunk, positions - first));
  };
  for (int64_t n = 0; n < images; ++n) {
    KeyValueSum sum(type_, heads, inner / heads, threads_);
    each_chunk(n, [&](int64_t offset, int64_t rows) {
      norm(at(px, type_, offset), gain, rows);
      dnnl_->linear(rows, cols, 2 * inner, pn, key_value_weight, nullptr, pw);
      sum.add(pw, rows);
    });
    const std::vector<float> context = sum.scaled(positions);
    each_chunk(n, [&](int64_t offset, int64_t rows) {
      norm(at(px, type_, offset), gain, rows);
      dnnl_->linear(rows, cols, inner, pn, query_weight, nullptr, pw);
      each_row(rows, [&](int64_t begin, int64_t end) {
        kernels::linear_read(type_, at(pw, type_, begin * inner), size_t(inner), context.data(),
                             at(pr, type_, begin * inner), size_t(end - begin), size_t(heads), size_t(inner / heads));
      });
      dnnl_->linear(rows, inner, cols, pr, out, float_data(out_bias), at(py, type_, offset));
      norm(at(py, type_, offset), out_gain, rows);
      each_row(rows, [&](int64_t begin, int64_t end) {
        kernels::binary(kernels::Binary::add, type_, at(px, type_, offset + begin * cols), at(pn, type_, begin * cols),
                        at(py, type_, offset + begin * cols), size_t(end - begin), size_t(cols), size_t(cols), false);
      });
    });
  }
  return y;
}

}  // namespace daclip
