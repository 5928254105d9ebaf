// Muon (Jordan et al. 2024): each matrix moves along the nearest orthogonal matrix to its gradients' running mean, so
// that no direction of it learns faster than the others.
#pragma once

#include <map>

#include "train/params.h"

namespace daclip {

struct MuonOptions {
  double momentum = 0.95;
  double weight_decay = 0;
};

class Muon {
 public:
  // Keeps the tensors of `params`: float32 leaves for which is_matrix() holds. A kernel (O,I,kh,kw) is treated as
  // (O,I*kh*kw).
  explicit Muon(const NamedParams& params, const MuonOptions& options = {});

  // One update from the gradients that are there, with Nesterov's momentum. The update's root mean square is 0.2 times
  // lr, as AdamW's usually is (Liu et al. 2025), so that both take the same learning rates and decay.
  void step(double lr);

  // The running sums of gradients, sharing storage, for exact resumption.
  NamedParams& momenta() { return momenta_; }

 private:
  NamedParams params_, momenta_;
  std::map<Shape, std::vector<size_t>>
      by_shape_;  // parameters of one shape move together: a device has few large launches
  MuonOptions options_;
};

// About u v^T of each g = u s v^T, g (N,R,C): five steps of a Newton-Schulz iteration that brings the singular values
// to 0.7-1.2.
torch::Tensor orthogonalised(const torch::Tensor& g);

}  // namespace daclip
