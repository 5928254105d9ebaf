#include <cmath>
#include <limits>

#include "torch/attention.h"
#include "torch/torch_backend.h"

namespace daclip {
namespace {

// (N,T,heads*d) -> (N,heads,T,d)
torch::Tensor split_heads(const torch::Tensor& x, int heads) {
  return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

torch::Tensor merge_heads(const torch::Tensor& x) {
  return x.transpose(1, 2).reshape({x.size(0), x.size(2), x.size(1) * x.size(3)});
}

#if TORCH_VERSION_MAJOR < 2
// Queries in blocks, so that the scores of a large map never exist all at once. q, k, v (N,heads,T,d).
torch::Tensor blocked_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, bool causal) {
  constexpr int64_t kScores = 1 << 24;  // 64 MB of float32
  const int64_t tokens = q.size(2), keys = k.size(2);
  const int64_t block = std::max<int64_t>(1, std::min(tokens, kScores / (q.size(0) * q.size(1) * keys)));
  const torch::Tensor kt = (k / std::sqrt(double(q.size(3)))).transpose(2, 3);
  std::vector<torch::Tensor> parts;
  for (int64_t begin = 0; begin < tokens; begin += block) {
    const int64_t count = std::min(block, tokens - begin);
    torch::Tensor scores = at::matmul(q.narrow(2, begin, count), kt);
    if (causal) {
      const torch::Tensor later = torch::ones({count, keys}, q.options().dtype(at::kBool)).triu(begin + 1);
      scores = scores.masked_fill(later, -std::numeric_limits<double>::infinity());
    }
    parts.push_back(at::matmul(at::softmax(scores, -1), v));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts, 2);
}
#endif

// Inclusive sums from the top left corner, with a row and a column of zeros before them: (N,H,W,C) -> (N,H+1,W+1,C).
torch::Tensor integral(const torch::Tensor& x) {
  return at::constant_pad_nd(x.to(at::kDouble).cumsum(2).cumsum(1), {0, 0, 1, 0, 1, 0}, 0);
}

// Means over every kh x kw window that fits.
torch::Tensor window_means(const torch::Tensor& sums, int64_t kh, int64_t kw) {
  const int64_t h = sums.size(1) - kh, w = sums.size(2) - kw;
  const auto corner = [&](int64_t y, int64_t x) { return sums.narrow(1, y, h).narrow(2, x, w); };
  return (corner(kh, kw) + corner(0, 0) - corner(0, kw) - corner(kh, 0)) / double(kh * kw);
}

}  // namespace

torch::Tensor multi_head_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v, int heads,
                                   bool causal) {
  const torch::Tensor query = split_heads(q, heads), key = split_heads(k, heads), value = split_heads(v, heads);
#if TORCH_VERSION_MAJOR < 2
  return merge_heads(blocked_attention(query, key, value, causal));
#else
  return merge_heads(at::scaled_dot_product_attention(query, key, value, {}, 0.0, causal));
#endif
}

torch::Tensor multi_head_linear_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                          int heads) {
  const torch::Tensor query = at::softmax(split_heads(q, heads), -1) / std::sqrt(double(q.size(2) / heads));
  const torch::Tensor key = at::softmax(split_heads(k, heads), 2);
  const torch::Tensor value = split_heads(v, heads) / double(v.size(1));
  return merge_heads(at::matmul(query, at::matmul(key.transpose(2, 3), value)));
}

// As NAFNet's local_arch.py computes it. In double: float32 sums over a large map lose the means' digits.
Tensor TorchBackend::do_local_mean(const Tensor& input, int64_t kernel_height, int64_t kernel_width,
                                  int fast_stride) {
  const torch::Tensor& x = tensor(input);
  const int64_t h = x.size(1), w = x.size(2);
  if (kernel_height >= h && kernel_width >= w) return wrap(x.mean({1, 2}, true).expand(x.sizes()));
  torch::Tensor y;
  if (fast_stride > 0) {
    const auto stride_of = [fast_stride](int64_t length) {
      int64_t stride = 5;
      while (length % stride != 0) --stride;
      return std::min<int64_t>(stride, fast_stride);
    };
    const int64_t sy = stride_of(h), sx = stride_of(w);
    const torch::Tensor thin = x.slice(1, 0, h, sy).slice(2, 0, w, sx);
    const int64_t kh = std::min(thin.size(1) - 1, kernel_height / sy), kw = std::min(thin.size(2) - 1, kernel_width / sx);
    const torch::Tensor sums = thin.to(at::kDouble).cumsum(2).cumsum(1);
    y = window_means(sums, kh, kw).repeat_interleave(sy, 1).repeat_interleave(sx, 2);
  } else {
    y = window_means(integral(x), std::min(h, kernel_height), std::min(w, kernel_width));
  }
  const int64_t dy = h - y.size(1), dx = w - y.size(2);
  y = at::replication_pad2d(y.permute({0, 3, 1, 2}).contiguous(), {dx / 2, (dx + 1) / 2, dy / 2, (dy + 1) / 2});
  return wrap(y.permute({0, 2, 3, 1}).to(x.scalar_type()));
}

}  // namespace daclip
