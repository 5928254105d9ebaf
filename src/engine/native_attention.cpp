#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/native_backend.h"
#include "engine/parallel.h"
#include "engine/rows.h"

namespace daclip {
namespace {

// Bytes of scores computed at a time. A whole N x N matrix is too large for large pictures (17 GB at 1024 x 1024).
constexpr int64_t kScoreBytes = int64_t(8) << 20;

}  // namespace

Tensor NativeBackend::do_softmax(const Tensor& input) {
  const Tensor x = activation(input);
  const int64_t cols = x.dim(-1), rows = x.numel() / cols;
  Tensor y = make(x.shape());
  void *from = data(x), *to = data(y);
  parallel_for(threads_, rows, std::max<int64_t>(1, 4096 / cols), [&](int64_t begin, int64_t end) {
    kernels::softmax({type_, type_, size_t(end - begin), size_t(cols)}, at(from, type_, begin * cols),
                     at(to, type_, begin * cols));
  });
  return y;
}

Tensor NativeBackend::split_heads(const Tensor& x, int heads) {
  const int64_t n = x.dim(0), tokens = x.dim(1), d = x.dim(2) / heads;
  Tensor y = make({n * heads, tokens, d});
  void *from = data(x), *to = data(y);
  const size_t bytes = size_t(d) * kernels::element_size(type_);
  parallel_for(threads_, n * tokens, grain_rows(d * heads), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t h = 0; h < heads; ++h)
        std::memcpy(at(to, type_, ((row / tokens * heads + h) * tokens + row % tokens) * d),
                    at(from, type_, (row * heads + h) * d), bytes);
  });
  return y;
}

Tensor NativeBackend::join_heads(const Tensor& x, int heads) {
  const int64_t n = x.dim(0) / heads, tokens = x.dim(1), d = x.dim(2);
  Tensor y = make({n, tokens, d * heads});
  void *from = data(x), *to = data(y);
  const size_t bytes = size_t(d) * kernels::element_size(type_);
  parallel_for(threads_, n * tokens, grain_rows(d * heads), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t h = 0; h < heads; ++h)
        std::memcpy(at(to, type_, (row * heads + h) * d),
                    at(from, type_, ((row / tokens * heads + h) * tokens + row % tokens) * d), bytes);
  });
  return y;
}

Tensor NativeBackend::do_attention(const Tensor& query, const Tensor& key, const Tensor& value, int heads,
                                   bool causal) {
  const Tensor q = split_heads(activation(query), heads), k = split_heads(activation(key), heads);
  const Tensor v = split_heads(activation(value), heads);
  const int64_t batch = q.dim(0), tokens = q.dim(1), d = q.dim(2), sources = k.dim(1);
  const int64_t row_bytes = sources * int64_t(sizeof(float));
  const int64_t rows = std::clamp<int64_t>(kScoreBytes / row_bytes, 1, tokens);
  const int64_t group = rows < tokens ? 1 : std::clamp<int64_t>(kScoreBytes / (row_bytes * tokens), 1, batch);
  Tensor result = make(q.shape());
  Tensor scores = make({group, rows, sources}, DType::f32);
  Tensor weights = type_ == DType::f32 ? scores : make({group, rows, sources});
  void *pq = data(q), *pk = data(k), *pv = data(v), *py = data(result), *ps = data(scores), *pw = data(weights);
  for (int64_t b = 0; b < batch; b += group) {
    const int64_t size = std::min(group, batch - b);
    for (int64_t t = 0; t < tokens; t += rows) {
      const int64_t part = std::min(rows, tokens - t);
      const int64_t offset = (b * tokens + t) * d, source = b * sources * d;
      dnnl_->matmul({size, part, d, sources, true, DType::f32}, at(pq, type_, offset), at(pk, type_, source), ps);
      parallel_for(threads_, size * part, std::max<int64_t>(1, 4096 / sources), [&](int64_t begin, int64_t end) {
        while (begin < end) {
          const int64_t last = std::min(end, (begin / part + 1) * part);
          const kernels::SoftmaxRows job{DType::f32,
                                         type_,
                                         size_t(last - begin),
                                         size_t(sources),
                                         float(1.0 / std::sqrt(double(d))),
                                         causal,
                                         size_t(t + begin % part + 1)};
          kernels::softmax(job, at(ps, DType::f32, begin * sources), at(pw, type_, begin * sources));
          begin = last;
        }
      });
      dnnl_->matmul({size, part, sources, d, false, type_}, pw, at(pv, type_, source), at(py, type_, offset));
    }
  }
  return join_heads(result, heads);
}

Tensor NativeBackend::do_linear_attention(const Tensor& query, const Tensor& key, const Tensor& value, int heads) {
  const Tensor q = activation(query), k = activation(key), v = activation(value);
  const int64_t images = q.dim(0), positions = q.dim(1), cols = q.dim(2), d = cols / heads;
  constexpr int64_t kRows = 1024;  // per partial sum
  const int64_t blocks = (positions + kRows - 1) / kRows;
  Tensor y = make(q.shape());
  void *pq = data(q), *pk = data(k), *pv = data(v), *py = data(y);
  for (int64_t n = 0; n < images; ++n) {
    std::vector<float> tops(size_t(blocks * cols), -std::numeric_limits<float>::infinity());
    std::vector<float> sums(size_t(blocks * cols), 0.0f), contexts(size_t(blocks * cols * d), 0.0f);
    const auto each_block = [&](const auto& work) {
      parallel_for(threads_, blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          work(i, n * positions + i * kRows, size_t(std::min(kRows, positions - i * kRows)));
      });
    };
    each_block([&](int64_t i, int64_t first, size_t rows) {
      kernels::column_max(type_, at(pk, type_, first * cols), size_t(cols), &tops[size_t(i * cols)], rows,
                          size_t(cols));
    });
    std::vector<float> top(tops.begin(), tops.begin() + cols);
    for (size_t i = 0; i < tops.size(); ++i) top[i % size_t(cols)] = std::max(top[i % size_t(cols)], tops[i]);
    each_block([&](int64_t i, int64_t first, size_t rows) {
      kernels::linear_context(type_, at(pk, type_, first * cols), at(pv, type_, first * cols), size_t(cols), top.data(),
                              &sums[size_t(i * cols)], &contexts[size_t(i * cols * d)], rows, size_t(heads), size_t(d));
    });
    std::vector<double> sum(size_t(cols), 0.0), context(size_t(cols * d), 0.0);
    for (size_t i = 0; i < sums.size(); ++i) sum[i % sum.size()] += double(sums[i]);
    for (size_t i = 0; i < contexts.size(); ++i) context[i % context.size()] += double(contexts[i]);
    // The context also takes the softmax's denominator, q's factor d^-1/2 and v's factor 1/P.
    std::vector<float> scaled(context.size());
    for (size_t i = 0; i < context.size(); ++i)
      scaled[i] = float(context[i] / (sum[i / size_t(d)] * std::sqrt(double(d)) * double(positions)));
    each_block([&](int64_t, int64_t first, size_t rows) {
      kernels::linear_read(type_, at(pq, type_, first * cols), size_t(cols), scaled.data(), at(py, type_, first * cols),
                           rows, size_t(heads), size_t(d));
    });
  }
  return y;
}

Tensor NativeBackend::do_channel_attention(const Tensor& input, const Tensor& t, int heads) {
  const Tensor qkv = activation(input), temperature = floats(t);
  const int64_t images = qkv.dim(0), cols = qkv.dim(-1) / 3, d = cols / heads;
  const int64_t positions = qkv.numel() / (images * 3 * cols);
  constexpr int64_t kRows = 256;  // per partial sum
  const int64_t blocks = (positions + kRows - 1) / kRows;
  Shape shape = qkv.shape();
  shape.back() = cols;
  Tensor y = make(shape);
  void *from = data(qkv), *to = data(y);
  for (int64_t n = 0; n < images; ++n) {
    std::vector<float> partial(size_t(blocks * cols * (d + 2)), 0.0f);  // products, then squares of q and of k
    const auto each_block = [&](const auto& work) {
      parallel_for(threads_, blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          work(i, n * positions + i * kRows, size_t(std::min(kRows, positions - i * kRows)));
      });
    };
    each_block([&](int64_t i, int64_t first, size_t rows) {
      float* sums = &partial[size_t(i * cols * (d + 2))];
      kernels::channel_products(type_, at(from, type_, first * 3 * cols), sums, sums + cols * d, rows, size_t(heads),
                                size_t(d));
    });
    std::vector<double> sums(size_t(cols * (d + 2)), 0.0);
    for (size_t i = 0; i < partial.size(); ++i) sums[i % sums.size()] += double(partial[i]);
    const auto length = [&](int64_t which) { return std::max(std::sqrt(sums[size_t(cols * d + which)]), 1e-12); };
    std::vector<float> weights(size_t(cols * d));
    for (int64_t c = 0; c < cols; ++c) {
      float* row = &weights[size_t(c * d)];
      for (int64_t j = 0; j < d; ++j)
        row[j] = float(sums[size_t(c * d + j)] / (length(c) * length(cols + c / d * d + j)));
      kernels::softmax({DType::f32, DType::f32, 1, size_t(d), float_data(temperature)[c / d]}, row, row);
    }
    each_block([&](int64_t, int64_t first, size_t rows) {
      kernels::channel_mix(type_, at(from, type_, first * 3 * cols), weights.data(), at(to, type_, first * cols), rows,
                           size_t(heads), size_t(d));
    });
  }
  return y;
}

}  // namespace daclip
