#include "torch/depthwise.h"

#include <ATen/Parallel.h>

#include "torch/depthwise_cuda.h"
#include "torch/depthwise_kernels.h"

namespace daclip {
namespace {

// (C,1,3,3) -> (9,C), the layout that the kernels read.
torch::Tensor taps_of(const torch::Tensor& w) { return w.reshape({w.size(0), 9}).t().contiguous(); }

torch::Tensor convolve_cpu(const torch::Tensor& x, const torch::Tensor& taps, const torch::Tensor& bias) {
  torch::Tensor y = torch::empty_like(x);
  const int64_t h = x.size(1), w = x.size(2), c = x.size(3);
  const float* in = x.data_ptr<float>();
  const float* t = taps.data_ptr<float>();
  const float* b = bias.defined() ? bias.data_ptr<float>() : nullptr;
  float* out = y.data_ptr<float>();
  at::parallel_for(0, x.size(0) * h, 8, [&](int64_t begin, int64_t end) {
    while (begin < end) {  // a range may span several maps
      const int64_t map = begin / h, first = begin % h, last = std::min(h, first + end - begin);
      depthwise3x3_rows(in + map * h * w * c, t, b, out + (map * h + first) * w * c, h, w, c, first, last);
      begin += last - first;
    }
  });
  return y;
}

// (10,C): the gradients of the nine taps and of the bias.
torch::Tensor grad_taps_cpu(const torch::Tensor& x, const torch::Tensor& grad_y) {
  // One partial sum per map, so that the result does not depend on the number of threads.
  const int64_t n = x.size(0), h = x.size(1), w = x.size(2), c = x.size(3);
  torch::Tensor partial = torch::zeros({n, 10, c}, x.options());
  const float* in = x.data_ptr<float>();
  const float* g = grad_y.data_ptr<float>();
  float* sums = partial.data_ptr<float>();
  at::parallel_for(0, n, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* at = sums + i * 10 * c;
      depthwise3x3_grad_taps(in + i * h * w * c, g + i * h * w * c, at, at + 9 * c, h, w, c, 0, h);
    }
  });
  return partial.sum(0);
}

#ifdef DACLIP_CUDA
DepthwiseMap map_of(const torch::Tensor& x) { return {x.size(0), x.size(1), x.size(2), x.size(3)}; }

const uint16_t* bits(const torch::Tensor& x) { return static_cast<const uint16_t*>(x.data_ptr()); }

bool cuda_kernel_for(const torch::Tensor& x) {
  return x.is_cuda() && x.size(3) % kDepthwiseGroup == 0 &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& taps, const torch::Tensor& bias) {
  if (!cuda_kernel_for(x)) return convolve_cpu(x, taps, bias);
  torch::Tensor y = torch::empty_like(x);
  const float* b = bias.defined() ? bias.data_ptr<float>() : nullptr;
  if (x.scalar_type() == at::kFloat)
    depthwise3x3_cuda(x.data_ptr<float>(), taps.data_ptr<float>(), b, y.data_ptr<float>(), map_of(x));
  else
    depthwise3x3_cuda(bits(x), taps.data_ptr<float>(), b, static_cast<uint16_t*>(y.data_ptr()), map_of(x));
  return y;
}

torch::Tensor grad_taps(const torch::Tensor& x, const torch::Tensor& grad_y) {
  if (!cuda_kernel_for(x)) return grad_taps_cpu(x, grad_y);
  const int64_t chunks = (x.size(0) * x.size(1) + kDepthwiseRows - 1) / kDepthwiseRows;
  torch::Tensor partial = torch::empty({chunks, 10, x.size(3)}, x.options().dtype(at::kFloat));
  if (x.scalar_type() == at::kFloat)
    depthwise3x3_grad_taps_cuda(x.data_ptr<float>(), grad_y.data_ptr<float>(), partial.data_ptr<float>(), map_of(x));
  else
    depthwise3x3_grad_taps_cuda(bits(x), bits(grad_y), partial.data_ptr<float>(), map_of(x));
  return partial.sum(0);
}
#else
bool cuda_kernel_for(const torch::Tensor&) { return false; }
constexpr auto convolve = convolve_cpu;
constexpr auto grad_taps = grad_taps_cpu;
#endif

}  // namespace

torch::Tensor depthwise3x3(const torch::Tensor& x, const torch::Tensor& taps, const torch::Tensor& bias) {
  return convolve(x, taps, bias);
}

std::pair<torch::Tensor, torch::Tensor> depthwise3x3_grads(const torch::Tensor& x, const torch::Tensor& taps,
                                                           const torch::Tensor& grad_y) {
  // The gradient of a same-size convolution with stride 1 is the convolution with the kernel rotated by 180 degrees.
  return {convolve(grad_y, taps.flip({0}), {}), grad_taps(x, grad_y)};
}

namespace {

class Depthwise3x3 : public torch::autograd::Function<Depthwise3x3> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& w, const torch::Tensor& b) {
    context->save_for_backward({x, w});
    return convolve(x, taps_of(w), b.contiguous());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &w = saved[1];
    const torch::Tensor grad_y = grads[0].contiguous();
    const auto [grad_x, total] = depthwise3x3_grads(x, taps_of(w), grad_y);
    const torch::Tensor grad_w = total.narrow(0, 0, 9).t().reshape(w.sizes());
    return {grad_x, grad_w, total[9]};
  }
};

}  // namespace

torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b) {
  const int64_t k = w.size(2);
  if (k == 3 && ((x.is_cpu() && x.scalar_type() == at::kFloat) || cuda_kernel_for(x)))
    return Depthwise3x3::apply(x.contiguous(), w,
                               b.defined() ? b : torch::zeros({x.size(3)}, w.options().requires_grad(false)));
  const torch::Tensor bias = b.defined() ? b.to(x.scalar_type()) : b;
  const torch::Tensor y = at::conv2d(x.permute({0, 3, 1, 2}), w.to(x.scalar_type()), bias, 1, k / 2, 1, x.size(3));
  return y.permute({0, 2, 3, 1}).contiguous();
}

}  // namespace daclip
