#include <cmath>
#include <limits>

#include "torch/attention.h"

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
// Processes queries in blocks, so that the scores of a large map never exist all at once. q, k, v (N,heads,T,d).
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

torch::Tensor multi_head_channel_attention(const torch::Tensor& qkv, const torch::Tensor& temperature, int heads) {
  const int64_t n = qkv.size(0), cols = qkv.size(-1) / 3;
  // (3,N,heads,d,P)
  const torch::Tensor channels = qkv.view({n, -1, 3, heads, cols / heads}).permute({2, 0, 3, 4, 1});
  const auto unit = [](const torch::Tensor& x) { return x / x.norm(2, {-1}, true).clamp_min(1e-12); };
  const torch::Tensor scores = at::matmul(unit(channels[0]), unit(channels[1]).transpose(-2, -1));
  const torch::Tensor mixed = at::matmul(at::softmax(scores * temperature.view({heads, 1, 1}), -1), channels[2]);
  std::vector<int64_t> shape = qkv.sizes().vec();
  shape.back() = cols;
  return mixed.permute({0, 3, 1, 2}).reshape(shape);
}

}  // namespace daclip
