// Window means of NAFNet's test-time local converter (local_arch.py), one axis after the other.
#include <algorithm>

#include "torch/torch_backend.h"

namespace daclip {
namespace {

// Means along one dimension, extended to the input's length. x is double, because float32 running sums over a large map
// lose precision.
torch::Tensor axis_means(const torch::Tensor& x, int dim, int64_t kernel, int fast_stride) {
  const int64_t size = x.size(dim);
  torch::Tensor means;
  if (fast_stride > 0 && size > 1) {
    int64_t stride = 5;
    while (size % stride != 0) --stride;
    stride = std::min<int64_t>(stride, fast_stride);
    const torch::Tensor thin = x.slice(dim, 0, size, stride);
    const int64_t samples = thin.size(dim);
    const int64_t k = std::clamp<int64_t>(kernel / stride, 1, std::max<int64_t>(1, samples - 1));
    const torch::Tensor sums = thin.cumsum(dim);
    means = samples == 1 ? thin : (sums.narrow(dim, k, samples - k) - sums.narrow(dim, 0, samples - k)) / double(k);
    means = means.repeat_interleave(stride, dim);
  } else {
    const int64_t k = std::min(size, kernel), count = size - k + 1;
    const torch::Tensor sums = at::cat({at::zeros_like(x.narrow(dim, 0, 1)), x.cumsum(dim)}, dim);
    means = (sums.narrow(dim, k, count) - sums.narrow(dim, 0, count)) / double(k);
  }
  // Half of the missing rows come before, the rest after; they repeat the border.
  const int64_t length = means.size(dim), before = (size - length) / 2;
  const torch::Tensor index = torch::arange(-before, size - before, at::kLong).clamp(0, length - 1);
  return means.index_select(dim, index.to(x.device()));
}

}  // namespace

Tensor TorchBackend::do_local_mean(const Tensor& input, int64_t kernel_height, int64_t kernel_width, int fast_stride) {
  const torch::Tensor& x = tensor(input);
  if (kernel_height >= x.size(1) && kernel_width >= x.size(2)) {
    return wrap(x.mean({1, 2}, true).expand(x.sizes()));
  }
  const torch::Tensor rows = axis_means(x.to(at::kDouble), 1, kernel_height, fast_stride);
  return wrap(axis_means(rows, 2, kernel_width, fast_stride).to(x.scalar_type()));
}

}  // namespace daclip
