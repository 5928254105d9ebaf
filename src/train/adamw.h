// Adam with decoupled weight decay (Loshchilov & Hutter 2019), all tensors in one pass each, in place.
#pragma once

#include "train/params.h"

namespace daclip {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.99, eps = 1e-8;
  double weight_decay = 0;
  bool decoupled = true;       // false: plain Adam, the decay added to the gradient (L2)
  bool decay_vectors = false;  // true: decay biases, norms' gains and scalars too, as torch.optim does by default
};

class AdamW {
 public:
  // Keeps the tensors of `params`, which must be float32 leaves on one device. Throws UsageError otherwise.
  explicit AdamW(const NamedParams& params, const AdamWOptions& options = {});

  // One update from the gradients that are there (a parameter without one stays as it is); lr is that of this step.
  void step(double lr);

  // Running means of the gradients and of their squares, under the parameters' names; sharing storage, so that filling
  // them and setting the number of steps resumes exactly.
  NamedParams& first_moments() { return first_; }
  NamedParams& second_moments() { return second_; }
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }

 private:
  void step_cpu(size_t index, double lr) const;
  void step_device(const std::vector<size_t>& indices, double lr) const;
  double decay_of(size_t index) const;

  NamedParams params_, first_, second_;
  AdamWOptions options_;
  int64_t steps_ = 0;
};

// Whether a parameter is a matrix or a kernel: at least two dimensions longer than 1. Biases, gains (also those stored
// (1,C,1,1)), embeddings of one token and scalars are not, and are not decayed.
bool is_matrix(const torch::Tensor& parameter);

}  // namespace daclip
