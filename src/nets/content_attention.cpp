#include "nets/content_attention.h"

#include <cmath>

#include "core/error.h"

namespace daclip {
namespace {

constexpr float kNormEps = 1e-5f;  // PyTorch's default

}  // namespace

Tensor ContentAttention::apply(Backend& b, const Scope& w, const Tensor& x, const Tensor& content) const {
  const int64_t n = x.dim(0), positions = x.dim(1) * x.dim(2), channels = x.dim(3);
  const Tensor token = b.reshape(content, {n, 1, content.dim(1)});
  Tensor q = b.layer_norm(b.reshape(x, {n, positions, channels}), w("norm.weight"), w("norm.bias"), kNormEps);
  q = b.linear(q, w("to_q.weight"), {});
  const Tensor k = b.linear(token, w("to_k.weight"), {});
  const Tensor v = b.linear(token, w("to_v.weight"), {});
  const Tensor out = b.linear(b.attention(q, k, v, heads), w("to_out.weight"), w("to_out.bias"));
  return b.add(x, b.reshape(out, x.shape()));
}

void ContentAttention::list(WeightList& list, const std::string& name, int64_t width, int64_t dim) const {
  const int64_t inner = int64_t(heads) * head_dim;
  list.norm(name + ".norm", width);
  list.linear(name + ".to_q", inner, width, false);
  list.linear(name + ".to_k", inner, dim, false);
  list.linear(name + ".to_v", inner, dim, false);
  list.zero_linear(name + ".to_out", width, inner);
}

Tensor to_unit_variance(Backend& b, const Tensor& context, int64_t images, int dim, const char* network,
                        const char* what) {
  if (dim == 0) throw UsageError(cat(network, ": got a ", what, " context, but the network is configured without one"));
  if (context.shape() != Shape{images, dim})
    throw ShapeError(
        cat(network, ": ", what, " context ", to_string(context.shape()), ", expected ", to_string({images, dim})));
  return b.scale(b.normalize(context), std::sqrt(float(dim)));
}

}  // namespace daclip
