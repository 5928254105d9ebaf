// Cross-attention of a map to the content embedding, as one token (DA-CLIP, Section 5.2). Our own design for networks
// whose conditioned form was not published: x + to_out(attention(to_q(norm(x)), to_k(e_c), to_v(e_c))). to_out is
// initialised with zeros, so that an untrained one changes nothing.
#pragma once

#include <string>

#include "nets/weight_list.h"
#include "ops/backend.h"
#include "ops/weights.h"

namespace daclip {

struct ContentAttention {
  int heads = 8, head_dim = 64;

  // x (N,H,W,C), content (N,dim) -> (N,H,W,C).
  Tensor apply(Backend& backend, const Scope& weights, const Tensor& x, const Tensor& content) const;

  // Its weights under `name`, for maps of `width` channels and embeddings of length `dim`.
  void list(WeightList& list, const std::string& name, int64_t width, int64_t dim) const;
};

// A context (N,dim) rescaled to length sqrt(dim), so that its entries are of order one. `network` and `what` name it in
// errors. Throws UsageError if dim is 0, and ShapeError unless it is (images, dim).
Tensor to_unit_variance(Backend& backend, const Tensor& context, int64_t images, int dim, const char* network,
                        const char* what);

}  // namespace daclip
