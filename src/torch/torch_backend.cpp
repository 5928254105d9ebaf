#include "torch/torch_backend.h"

#include <dlfcn.h>

#include <cmath>
#include <cstring>

#include "ops/resize_taps.h"
#include "torch/attention.h"
#include "torch/depthwise.h"
#include "torch/nafblock.h"

namespace daclip {
namespace {

struct Storage {
  torch::Tensor value;
  torch::Tensor lowered;  // cached bfloat16 copy of a frozen float32 weight
};

at::ScalarType scalar_type(DType type) { return type == DType::f32 ? at::kFloat : at::kBFloat16; }

const torch::Tensor& raw(const Tensor& x) { return TorchBackend::tensor(x); }

torch::Tensor to_nchw(const torch::Tensor& x) { return x.permute({0, 3, 1, 2}); }
torch::Tensor to_nhwc(const torch::Tensor& x) { return x.permute({0, 2, 3, 1}); }

// x (...,I), w (O,I): a single product over all rows, because BLAS is fastest at that.
torch::Tensor dense(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b) {
  const torch::Tensor rows = x.reshape({-1, x.size(-1)});
  const torch::Tensor y = b.defined() ? at::addmm(b, rows, w.t()) : at::mm(rows, w.t());
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = w.size(0);
  return y.view(shape);
}

// A convolution with non-overlapping windows is a dense layer on the windows. w (O,I,k,k).
torch::Tensor patches(const torch::Tensor& x, const torch::Tensor& w, const torch::Tensor& b) {
  const int64_t n = x.size(0), c = x.size(3), kh = w.size(2), kw = w.size(3), h = x.size(1) / kh, wd = x.size(2) / kw;
  const torch::Tensor rows = x.narrow(1, 0, h * kh)
                                 .narrow(2, 0, wd * kw)
                                 .reshape({n, h, kh, wd, kw, c})
                                 .permute({0, 1, 3, 2, 4, 5})
                                 .reshape({n, h, wd, kh * kw * c});
  return dense(rows, w.permute({0, 2, 3, 1}).reshape({w.size(0), -1}), b);
}

// (N,C) -> (N,1,...,1,C), of the given rank.
torch::Tensor beside(const torch::Tensor& x, int64_t rank) {
  std::vector<int64_t> shape(size_t(rank), 1);
  shape.front() = x.size(0);
  shape.back() = x.size(1);
  return x.view(shape);
}

// Debian's LibTorch does not pass its number of threads on to OpenBLAS, which then starts one per core.
void set_threads(int threads) {
  at::set_num_threads(threads);
  using SetThreads = void (*)(int);
  if (const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(threads);
}

}  // namespace

TorchBackend::TorchBackend(const TorchOptions& options) : options_(options) {
  if (options_.device.is_cuda() && !torch::cuda::is_available()) throw DeviceError("no CUDA device is available");
  if (options_.threads > 0) set_threads(options_.threads);
  if (options_.device.is_cuda()) {
    at::globalContext().setAllowTF32CuBLAS(options_.tf32);
    at::globalContext().setAllowTF32CuDNN(options_.tf32);
    at::globalContext().setBenchmarkCuDNN(true);  // training and tiles use few shapes
  }
}

const torch::Tensor& TorchBackend::tensor(const Tensor& x) {
  static const torch::Tensor absent;
  return x.defined() ? x.storage<Storage>().value : absent;
}

Tensor TorchBackend::wrap(torch::Tensor x) {
  const DType type = x.scalar_type() == at::kBFloat16 ? DType::bf16 : DType::f32;
  if (x.scalar_type() != scalar_type(type)) {
    throw DeviceError(cat("torch backend: expected float32 or bfloat16, found ", c10::toString(x.scalar_type())));
  }
  Shape shape = x.sizes().vec();
  return Tensor(std::move(shape), type, std::make_shared<Storage>(Storage{x.contiguous(), {}}));
}

torch::Tensor TorchBackend::lowered(const Tensor& x) const {
  if (!x.defined()) return {};
  Storage& storage = x.storage<Storage>();
  if (x.dtype() == options_.precision) return storage.value;
  if (storage.value.requires_grad()) return storage.value.to(scalar_type(options_.precision));
  if (!storage.lowered.defined()) storage.lowered = storage.value.to(scalar_type(options_.precision));
  return storage.lowered;
}

Tensor TorchBackend::do_from_floats(std::span<const float> data, const Shape& shape) {
  torch::Tensor x = torch::empty(shape, at::kFloat);
  if (!data.empty()) std::memcpy(x.data_ptr<float>(), data.data(), data.size_bytes());
  return wrap(x.to(options_.device, scalar_type(options_.precision)));
}

Tensor TorchBackend::do_weight(std::span<const float> data, const Shape& shape) {
  torch::Tensor x = torch::empty(shape, at::kFloat);
  if (!data.empty()) std::memcpy(x.data_ptr<float>(), data.data(), data.size_bytes());
  return wrap(x.to(options_.device));
}

std::vector<float> TorchBackend::do_to_floats(const Tensor& x) {
  const torch::Tensor host = raw(x).detach().to(at::kCPU, at::kFloat).contiguous();
  const float* data = host.data_ptr<float>();
  return std::vector<float>(data, data + host.numel());
}

Tensor TorchBackend::do_conv2d(const Tensor& x, const Tensor& w, const Tensor& b, ConvOptions options) {
  const torch::Tensor kernel = lowered(w), bias = lowered(b);
  const int64_t kh = kernel.size(2), kw = kernel.size(3);
  if (options.padding == 0 && options.beside() == 0 && kh == options.stride && kw == options.stride) {
    if (kh == 1) return wrap(dense(raw(x), kernel.view({kernel.size(0), -1}), bias));
    return wrap(patches(raw(x), kernel, bias));
  }
  return wrap(to_nhwc(at::conv2d(to_nchw(raw(x)), kernel, bias, options.stride, {options.padding, options.beside()})));
}

Tensor TorchBackend::do_depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor& b) {
  return wrap(depthwise_conv(raw(x), raw(w), raw(b)));
}

Tensor TorchBackend::do_deform_conv2d(const Tensor& x, const Tensor& offsets, const Tensor& mask, const Tensor& w,
                                      const Tensor& b) {
  const int64_t n = x.dim(0), height = x.dim(1), width = x.dim(2), k = w.dim(2), taps = k * k;
  // In float32: LibTorch samples no bfloat16 on the CPU, and eight bits are too few for positions.
  const torch::Tensor map = raw(x).movedim(-1, 1).to(at::kFloat), shift = raw(offsets).to(at::kFloat);
  const auto range = [&](int64_t size) { return torch::arange(size, shift.options()); };
  const torch::Tensor rows = range(height).view({1, height, 1}), columns = range(width).view({1, 1, width});
  std::vector<torch::Tensor> sampled;
  for (int64_t t = 0; t < taps; ++t) {
    const torch::Tensor row = rows + double(t / k - k / 2) + shift.select(-1, 2 * t);
    const torch::Tensor column = columns + double(t % k - k / 2) + shift.select(-1, 2 * t + 1);
    const torch::Tensor grid =
        at::stack({(2 * column + 1) / double(width) - 1, (2 * row + 1) / double(height) - 1}, -1);
    const torch::Tensor values = at::grid_sampler(map, grid, 0, 0, false);  // bilinear, 0 outside
    sampled.push_back(values * raw(mask).select(-1, t).to(at::kFloat).unsqueeze(1));
  }
  const torch::Tensor patches = at::stack(sampled, 2).reshape({n, -1, height, width}).to(raw(x).scalar_type());
  const torch::Tensor y = at::conv2d(patches, lowered(w).reshape({w.dim(0), -1, 1, 1}), lowered(b));
  return wrap(y.movedim(1, -1));
}

Tensor TorchBackend::do_linear(const Tensor& x, const Tensor& w, const Tensor& b) {
  return wrap(dense(raw(x), lowered(w), lowered(b)));
}

Tensor TorchBackend::do_matmul(const Tensor& a, const Tensor& b, bool transpose_b) {
  const torch::Tensor right = lowered(b);
  return wrap(at::bmm(lowered(a), transpose_b ? right.transpose(1, 2) : right));
}

Tensor TorchBackend::do_mix_positions(const Tensor& x, const Tensor& w, const Tensor& b, Groups groups) {
  const int64_t n = x.dim(0), height = x.dim(1), width = x.dim(2), c = x.dim(3), count = w.dim(0);
  const int64_t side = int64_t(std::lround(std::sqrt(double(count)))), down = height / side, across = width / side;
  // (N,H,W,C) as (N, outer, inner, outer, inner, C). The positions are the inner axes of blocks, the outer of a grid.
  const bool blocks = groups == Groups::blocks;
  const torch::Tensor map = blocks ? raw(x).view({n, down, side, across, side, c}).permute({0, 1, 3, 5, 2, 4})
                                   : raw(x).view({n, side, down, side, across, c}).permute({0, 2, 4, 5, 1, 3});
  const torch::Tensor mixed =
      dense(map.reshape({n, down, across, c, count}), lowered(w), lowered(b)).view({n, down, across, c, side, side});
  const torch::Tensor back = blocks ? mixed.permute({0, 1, 4, 2, 5, 3}) : mixed.permute({0, 4, 1, 5, 2, 3});
  return wrap(back.reshape({n, height, width, c}));
}

Tensor TorchBackend::do_layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float eps) {
  // A single channel minus its mean is exactly 0; LibTorch's formula only approximates that.
  if (x.dim(-1) == 1) {
    const torch::Tensor nothing = (raw(x) - raw(x)) * lowered(gain);
    return wrap(bias.defined() ? nothing + lowered(bias) : nothing);
  }
  return wrap(at::layer_norm(raw(x), {x.dim(-1)}, lowered(gain), lowered(bias), eps));
}

Tensor TorchBackend::do_deviation_norm(const Tensor& x, const Tensor& gain, float eps) {
  const torch::Tensor& v = raw(x);
  return wrap(v / (v.var({-1}, false, true) + double(eps)).sqrt() * lowered(gain));
}

Tensor TorchBackend::do_batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& mean,
                                   const Tensor& variance, float eps) {
  const torch::Tensor factor = raw(gain) / (raw(variance) + double(eps)).sqrt();
  const torch::Tensor shift = raw(bias) - raw(mean) * factor;
  const auto kind = raw(x).scalar_type();
  return wrap(at::addcmul(shift.to(kind), raw(x), factor.to(kind)));
}

Tensor TorchBackend::do_group_norm(const Tensor& x, int groups, const Tensor& gain, const Tensor& bias, float eps) {
  const torch::Tensor y = at::group_norm(raw(x).movedim(-1, 1).contiguous(), groups, lowered(gain), lowered(bias), eps);
  return wrap(y.movedim(1, -1));
}

Tensor TorchBackend::do_normalize(const Tensor& x) {
  const torch::Tensor& v = raw(x);
  return wrap(v / v.norm(2, {-1}, true).clamp_min(1e-12));
}

Tensor TorchBackend::do_gelu(const Tensor& x) { return wrap(at::gelu(raw(x))); }
Tensor TorchBackend::do_gelu_tanh(const Tensor& x) { return wrap(at::gelu(raw(x), "tanh")); }
Tensor TorchBackend::do_quick_gelu(const Tensor& x) { return wrap(raw(x) * at::sigmoid(raw(x) * 1.702)); }
Tensor TorchBackend::do_silu(const Tensor& x) { return wrap(at::silu(raw(x))); }
Tensor TorchBackend::do_relu(const Tensor& x) { return wrap(at::relu(raw(x))); }
Tensor TorchBackend::do_leaky_relu(const Tensor& x, float slope) { return wrap(at::leaky_relu(raw(x), slope)); }
Tensor TorchBackend::do_sigmoid(const Tensor& x) { return wrap(at::sigmoid(raw(x))); }

Tensor TorchBackend::do_simple_gate(const Tensor& x) {
  const int64_t half = x.dim(-1) / 2;
  return wrap(raw(x).narrow(-1, 0, half) * raw(x).narrow(-1, half, half));
}

Tensor TorchBackend::do_add(const Tensor& a, const Tensor& b) { return wrap(lowered(a) + lowered(b)); }
Tensor TorchBackend::do_mul(const Tensor& a, const Tensor& b) { return wrap(lowered(a) * lowered(b)); }
Tensor TorchBackend::do_scale(const Tensor& x, float factor) { return wrap(raw(x) * factor); }

Tensor TorchBackend::do_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  const torch::Tensor gain = beside(lowered(scale), x.rank()) + 1;
  return wrap(at::addcmul(beside(lowered(shift), x.rank()), raw(x), gain));
}

Tensor TorchBackend::do_add_scaled(const Tensor& a, const Tensor& b, const Tensor& gain) {
  return wrap(at::addcmul(raw(a), raw(b), lowered(gain).reshape({-1})));
}

Tensor TorchBackend::do_softmax(const Tensor& x) { return wrap(at::softmax(raw(x), -1)); }

Tensor TorchBackend::do_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads, bool causal) {
  return wrap(multi_head_attention(raw(q), raw(k), raw(v), heads, causal));
}

Tensor TorchBackend::do_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads) {
  return wrap(multi_head_linear_attention(raw(q), raw(k), raw(v), heads));
}

Tensor TorchBackend::do_channel_attention(const Tensor& qkv, const Tensor& temperature, int heads) {
  return wrap(multi_head_channel_attention(raw(qkv), lowered(temperature), heads));
}

Tensor TorchBackend::do_reshape(const Tensor& x, const Shape& shape) { return wrap(raw(x).reshape(shape)); }

Tensor TorchBackend::do_concat(std::span<const Tensor> parts, int dim) {
  std::vector<torch::Tensor> all;
  for (const Tensor& part : parts) all.push_back(lowered(part));
  return wrap(at::cat(all, dim));
}

Tensor TorchBackend::do_slice(const Tensor& x, int dim, int64_t begin, int64_t end) {
  return wrap(raw(x).narrow(dim, begin, end - begin));
}

Tensor TorchBackend::do_pad(const Tensor& x, int64_t height, int64_t width) {
  return wrap(at::constant_pad_nd(raw(x), {0, 0, 0, width - x.dim(2), 0, height - x.dim(1)}, 0));
}

Tensor TorchBackend::do_pad_reflect(const Tensor& x, int64_t height, int64_t width) {
  // By indexing, because LibTorch 1.13 has no reflection padding for bfloat16 on the CPU.
  const auto mirrored = [this](int64_t size, int64_t padded) {
    std::vector<int64_t> index(size_t(padded), 0);
    for (int64_t i = 0; i < padded; ++i) index[size_t(i)] = i < size ? i : 2 * (size - 1) - i;
    return torch::tensor(index).to(options_.device);
  };
  return wrap(raw(x).index_select(1, mirrored(x.dim(1), height)).index_select(2, mirrored(x.dim(2), width)));
}

Tensor TorchBackend::do_crop(const Tensor& x, int64_t height, int64_t width) {
  return wrap(raw(x).narrow(1, 0, height).narrow(2, 0, width));
}

Tensor TorchBackend::do_resize_nearest(const Tensor& x, int factor) {
  const int64_t n = x.dim(0), h = x.dim(1), w = x.dim(2), c = x.dim(3), f = factor;
  return wrap(raw(x).view({n, h, 1, w, 1, c}).expand({n, h, f, w, f, c}).reshape({n, h * f, w * f, c}));
}

Tensor TorchBackend::do_resize_bilinear(const Tensor& x, int64_t height, int64_t width, Shrink shrink) {
  // As products with the dense matrices of both axes.
  const auto matrix = [&](int64_t from, int64_t to) {
    torch::Tensor weights = torch::zeros({to, from});
    const std::vector<ResizeTaps> taps = resize_taps(from, to, shrink);
    for (int64_t i = 0; i < to; ++i)
      for (size_t j = 0; j < taps[size_t(i)].weights.size(); ++j)
        weights[i][taps[size_t(i)].first + int64_t(j)] = taps[size_t(i)].weights[j];
    return weights.to(options_.device, raw(x).scalar_type());
  };
  const int64_t n = x.dim(0), c = x.dim(3);
  const torch::Tensor rows = at::matmul(matrix(x.dim(1), height), raw(x).view({n, x.dim(1), -1}));
  return wrap(at::matmul(matrix(x.dim(2), width), rows.view({n, height, x.dim(2), c})));
}

Tensor TorchBackend::do_pixel_shuffle(const Tensor& x, int factor) {
  const int64_t n = x.dim(0), h = x.dim(1), w = x.dim(2), f = factor, c = x.dim(3) / (f * f);
  return wrap(raw(x).view({n, h, w, c, f, f}).permute({0, 1, 4, 2, 5, 3}).reshape({n, h * f, w * f, c}));
}

Tensor TorchBackend::do_pixel_unshuffle(const Tensor& x, int factor) {
  const int64_t n = x.dim(0), f = factor, h = x.dim(1) / f, w = x.dim(2) / f, c = x.dim(3);
  return wrap(raw(x).view({n, h, f, w, f, c}).permute({0, 1, 3, 5, 2, 4}).reshape({n, h, w, c * f * f}));
}

Tensor TorchBackend::do_embedding(const Tensor& table, std::span<const int64_t> ids, int64_t rows) {
  const torch::Tensor index = torch::tensor(at::ArrayRef<int64_t>(ids.data(), ids.size())).view({rows, -1});
  return wrap(at::embedding(lowered(table), index.to(options_.device)));
}

Tensor TorchBackend::do_take_token(const Tensor& x, std::span<const int64_t> index) {
  const torch::Tensor token = torch::tensor(at::ArrayRef<int64_t>(index.data(), index.size())).to(options_.device);
  return wrap(raw(x).gather(1, token.view({-1, 1, 1}).expand({-1, 1, x.dim(2)})).squeeze(1));
}

Tensor TorchBackend::do_global_mean(const Tensor& x) { return wrap(raw(x).mean({1, 2}, true)); }

Tensor TorchBackend::do_max_pool(const Tensor& x, PoolOptions o) {
  return wrap(to_nhwc(at::max_pool2d(to_nchw(raw(x)), o.kernel, o.stride, o.padding, 1, o.ceil_mode)));
}

Tensor TorchBackend::do_average_pool(const Tensor& x, PoolOptions o) {
  return wrap(to_nhwc(at::avg_pool2d(to_nchw(raw(x)), o.kernel, o.stride, o.padding, o.ceil_mode, false)));
}

Tensor TorchBackend::fused_nafblock(const Scope& weights, const Tensor& input, const Tensor& steer) {
  const torch::Tensor& x = raw(input);
  if (!options_.fused || !nafblock_supported(x)) return {};
  const int64_t c = x.size(3);
  const auto vector = [&](const char* name) { return raw(weights(name)).reshape({-1}); };
  const auto matrix = [&](const char* name) { return raw(weights(name)).flatten(1); };
  NafBlockParams p;
  p.gain1 = vector("norm1.weight"), p.bias1 = vector("norm1.bias");
  p.conv1 = matrix("conv1.weight"), p.conv1_bias = vector("conv1.bias");
  p.depthwise = raw(weights("conv2.weight")), p.depthwise_bias = vector("conv2.bias");
  p.attention = matrix("sca.1.weight"), p.attention_bias = vector("sca.1.bias");
  p.conv3 = matrix("conv3.weight"), p.conv3_bias = vector("conv3.bias"), p.beta = vector("beta");
  p.gain2 = vector("norm2.weight"), p.bias2 = vector("norm2.bias");
  p.conv4 = matrix("conv4.weight"), p.conv4_bias = vector("conv4.bias");
  p.conv5 = matrix("conv5.weight"), p.conv5_bias = vector("conv5.bias"), p.gamma = vector("gamma");
  // The fused block supports only the published proportions; other blocks are composed.
  if (p.conv1.size(0) != 2 * c || p.conv4.size(0) != 2 * c || p.depthwise.size(2) != 3) return {};
  if (steer.defined()) {
    const auto parts = raw(steer).chunk(4, 1);
    p.gain1 = p.gain1 * (parts[0] + 1), p.bias1 = p.bias1 * (parts[0] + 1) + parts[1];
    p.gain2 = p.gain2 * (parts[2] + 1), p.bias2 = p.bias2 * (parts[2] + 1) + parts[3];
  }
  return wrap(nafblock(x, p));
}

}  // namespace daclip
