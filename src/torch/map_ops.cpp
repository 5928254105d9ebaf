#include "torch/map_ops.h"

#include "torch/map_ops_cuda.h"

namespace daclip {
namespace {

constexpr double kNormEps = 1e-6;

// (N,C), to be combined with (N,P,C)
torch::Tensor each_map(const torch::Tensor& values) { return values.unsqueeze(1); }

#ifdef DACLIP_CUDA
MapSize size_of(const torch::Tensor& x) { return {x.size(0), x.size(1), x.size(2)}; }
const float* floats(const torch::Tensor& x) { return x.defined() ? x.data_ptr<float>() : nullptr; }

// Calls body with a null pointer of the kernels' type for x.
template <class Body>
void by_type(const torch::Tensor& x, const Body& body) {
  if (x.scalar_type() == at::kFloat)
    body(static_cast<float*>(nullptr));
  else
    body(static_cast<uint16_t*>(nullptr));
}
template <class T>
T* data(const torch::Tensor& x, T*) {
  return x.defined() ? static_cast<T*>(x.data_ptr()) : nullptr;
}
#endif

}  // namespace

bool map_kernels_for([[maybe_unused]] const torch::Tensor& x) {
#ifdef DACLIP_CUDA
  return x.is_cuda() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.numel() > 0 &&
         map_channels_fit(x.size(-1));
#else
  return false;
#endif
}

Normed layer_norm_maps(const torch::Tensor& x, const torch::Tensor& gain, const torch::Tensor& bias) {
#ifdef DACLIP_CUDA
  if (map_kernels_for(x)) {
    Normed result{torch::empty_like(x), torch::empty({x.size(0), x.size(1), 2}, gain.options())};
    by_type(x, [&](auto t) {
      layer_norm_cuda(data(x, t), floats(gain), floats(bias), data(result.y, t), result.stats.data_ptr<float>(),
                      size_of(x));
    });
    return result;
  }
#endif
  const torch::Tensor mean = x.mean(-1, true), inverse = (x.var(-1, false, true) + kNormEps).rsqrt();
  return {(x - mean) * inverse * each_map(gain) + each_map(bias), torch::cat({mean, inverse}, -1)};
}

NormGrads layer_norm_maps_grad(const torch::Tensor& grad_y, const torch::Tensor& x, const torch::Tensor& stats,
                               const torch::Tensor& gain, const torch::Tensor& residual) {
#ifdef DACLIP_CUDA
  if (map_kernels_for(x)) {
    torch::Tensor grad_x = torch::empty_like(x);
    const torch::Tensor partial = torch::empty({chunks_of(size_of(x)), x.size(0), 2, x.size(2)}, gain.options());
    by_type(x, [&](auto t) {
      layer_norm_grad_cuda(data(grad_y, t), data(x, t), floats(stats), floats(gain), data(residual, t), data(grad_x, t),
                           partial.data_ptr<float>(), size_of(x));
    });
    const torch::Tensor sums = partial.sum(0);
    return {grad_x, sums.select(1, 0), sums.select(1, 1)};
  }
#endif
  const torch::Tensor inverse = stats.narrow(-1, 1, 1), unit = (x - stats.narrow(-1, 0, 1)) * inverse;
  const torch::Tensor g = grad_y * each_map(gain);
  const torch::Tensor grad_x = inverse * (g - g.mean(-1, true) - unit * (g * unit).mean(-1, true)) + residual;
  return {grad_x, (grad_y * unit).sum(1), grad_y.sum(1)};
}

torch::Tensor gate_maps(const torch::Tensor& x) {
  const int64_t c = x.size(2) / 2;
#ifdef DACLIP_CUDA
  if (map_kernels_for(x)) {
    torch::Tensor y = torch::empty({x.size(0), x.size(1), c}, x.options());
    by_type(x, [&](auto t) { gate_cuda(data(x, t), data(y, t), size_of(y)); });
    return y;
  }
#endif
  return x.narrow(-1, 0, c) * x.narrow(-1, c, c);
}

torch::Tensor gate_maps_grad(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& scale,
                             const torch::Tensor& shift) {
#ifdef DACLIP_CUDA
  if (map_kernels_for(x)) {
    torch::Tensor grad_x = torch::empty_like(x);
    by_type(x, [&](auto t) {
      gate_grad_cuda(data(grad, t), data(x, t), floats(scale), floats(shift), data(grad_x, t), size_of(grad));
    });
    return grad_x;
  }
#endif
  const torch::Tensor g = scale.defined() ? grad * each_map(scale) + each_map(shift) : grad;
  const int64_t c = grad.size(2);
  return torch::cat({g * x.narrow(-1, c, c), g * x.narrow(-1, 0, c)}, -1);
}

torch::Tensor sum_maps(const torch::Tensor& a, const torch::Tensor& b) {
#ifdef DACLIP_CUDA
  if (map_kernels_for(a)) {
    const torch::Tensor partial =
        torch::empty({chunks_of(size_of(a)), a.size(0), a.size(2)}, a.options().dtype(at::kFloat));
    by_type(a, [&](auto t) { sum_cuda(data(a, t), data(b, t), partial.data_ptr<float>(), size_of(a)); });
    return partial.sum(0);
  }
#endif
  return b.defined() ? (a * b).sum(1) : a.sum(1);
}

torch::Tensor scale_maps(const torch::Tensor& x, const torch::Tensor& scale) {
#ifdef DACLIP_CUDA
  if (map_kernels_for(x)) {
    torch::Tensor y = torch::empty_like(x);
    by_type(x, [&](auto t) { scale_cuda(data(x, t), floats(scale), data(y, t), size_of(x)); });
    return y;
  }
#endif
  return x * each_map(scale);
}

}  // namespace daclip
