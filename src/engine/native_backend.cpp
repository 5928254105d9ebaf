#include "engine/native_backend.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/parallel.h"
#include "engine/rows.h"

namespace daclip {
namespace {

int64_t rows_of(const Tensor& x) { return x.numel() / x.dim(-1); }

}  // namespace

NativeBackend::NativeBackend(NativeOptions options) : threads_(options.threads), type_(options.precision) {
  if (threads_ < 0) throw UsageError(cat("threads ", threads_, ", expected 0 or more"));
  if (threads_ == 0) threads_ = omp_get_max_threads();
  if (!supports(type_))
    throw DeviceError(cat("this processor has no ", dtype_name(type_), " instructions; use float32"));
  pool_ = std::make_shared<MemoryPool>();
  dnnl_ = std::make_unique<DnnlOps>(pool_, type_, threads_);
}

NativeBackend::~NativeBackend() = default;

bool NativeBackend::supports(DType precision) {
  const unsigned have = unsigned(dnnl::get_effective_cpu_isa()), need = unsigned(dnnl::cpu_isa::avx512_core_bf16);
  return precision == DType::f32 || (have & need) == need;
}

std::string NativeBackend::last_kernel() const { return dnnl_->last_kernel(); }

Tensor NativeBackend::make(const Shape& shape, DType type) {
  Tensor t(shape, type, std::make_shared<NativeStorage>());
  t.storage<NativeStorage>().buffer = pool_->allocate(size_t(t.numel()) * kernels::element_size(type));
  return t;
}

void* NativeBackend::data(const Tensor& t) { return const_cast<void*>(dnnl_->plain(t)); }

Tensor NativeBackend::converted(const Tensor& t, DType type) {
  if (!t.defined() || t.dtype() == type) return t;
  Tensor y = make(t.shape(), type);
  void *from = data(t), *to = data(y);
  parallel_for(threads_, t.numel(), kGrain, [&](int64_t begin, int64_t end) {
    kernels::convert(t.dtype(), at(from, t.dtype(), begin), type, at(to, type, begin), size_t(end - begin));
  });
  return y;
}

Tensor NativeBackend::activation(const Tensor& t) { return converted(t, type_); }

Tensor NativeBackend::floats(const Tensor& t) { return converted(t, DType::f32); }

const float* NativeBackend::float_data(const Tensor& t) {
  return t.defined() ? static_cast<const float*>(data(t)) : nullptr;
}

// --- In and out -----------------------------------------------------------------------------------------------------

Tensor NativeBackend::do_from_floats(std::span<const float> values, const Shape& shape) {
  Tensor y = make(shape);
  void* to = data(y);
  parallel_for(threads_, y.numel(), kGrain, [&](int64_t begin, int64_t end) {
    kernels::convert(DType::f32, values.data() + begin, type_, at(to, type_, begin), size_t(end - begin));
  });
  return y;
}

Tensor NativeBackend::do_weight(std::span<const float> values, const Shape& shape) {
  Tensor w = make(shape, DType::f32);
  w.storage<NativeStorage>().is_weight = true;
  std::memcpy(data(w), values.data(), values.size_bytes());
  return w;
}

std::vector<float> NativeBackend::do_to_floats(const Tensor& x) {
  std::vector<float> values(size_t(x.numel()));
  kernels::convert(x.dtype(), data(x), DType::f32, values.data(), values.size());
  return values;
}

// --- Convolution and matrices ---------------------------------------------------------------------------------------

Tensor NativeBackend::do_conv2d(const Tensor& input, const Tensor& w, const Tensor& b, ConvOptions options) {
  const Tensor x = activation(input), bias = floats(b);
  const int64_t kh = w.dim(2), kw = w.dim(3);
  const DnnlOps::Conv s{x.dim(0),
                        x.dim(1),
                        x.dim(2),
                        x.dim(3),
                        w.dim(0),
                        kh,
                        kw,
                        options.rows(x.dim(1), kh),
                        options.columns(x.dim(2), kw),
                        options.stride,
                        options.padding,
                        options.beside()};
  Tensor y = make({s.n, s.out_h, s.out_w, s.out});
  if (kh == 1 && kw == 1 && s.stride == 1 && s.padding == 0 && s.padding_width == 0)
    dnnl_->linear(rows_of(x), s.in, s.out, data(x), w, float_data(bias), data(y));
  else if (suits_patches(w.shape(), options))
    patch_conv2d(x, w, float_data(bias), y);
  else if (suits_winograd(x.shape(), y.shape(), w.shape(), options.stride))
    winograd_conv2d(x, w, float_data(bias), options, y);
  else
    dnnl_->conv2d(s, data(x), w, float_data(bias), data(y));
  return y;
}

// (k,k,C)
const float* NativeBackend::depthwise_weights(const Tensor& w) {
  const int64_t channels = w.dim(0), k = w.dim(2);
  NativeStorage& storage = w.storage<NativeStorage>();
  const std::lock_guard lock(storage.mutex);
  if (!storage.depthwise) {
    auto buffer = pool_->allocate(size_t(w.numel()) * sizeof(float));
    const Tensor plain = floats(w);
    const float* from = float_data(plain);
    float* to = static_cast<float*>(buffer->data());
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t i = 0; i < k * k; ++i) to[i * channels + c] = from[c * k * k + i];
    storage.depthwise = std::move(buffer);
  }
  return static_cast<const float*>(storage.depthwise->data());
}

Tensor NativeBackend::do_depthwise_conv2d(const Tensor& input, const Tensor& w, const Tensor& b) {
  const Tensor x = activation(input), bias = floats(b);
  const int64_t height = x.dim(1), width = x.dim(2), channels = x.dim(3), k = w.dim(2);
  const kernels::Depthwise job{type_, height, width, channels, k, depthwise_weights(w), float_data(bias)};
  Tensor y = make(x.shape());
  void *from = data(x), *to = data(y);
  parallel_for(threads_, x.dim(0) * height, grain_rows(width * channels * k * k / 4), [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t image = begin / height, first = begin % height, last = std::min(height, first + end - begin);
      const int64_t offset = image * height * width * channels;
      kernels::depthwise(job, at(from, type_, offset), at(to, type_, offset), first, last);
      begin += last - first;
    }
  });
  return y;
}

Tensor NativeBackend::do_linear(const Tensor& input, const Tensor& w, const Tensor& b) {
  const Tensor x = activation(input), bias = floats(b);
  Shape shape = x.shape();
  shape.back() = w.dim(0);
  Tensor y = make(shape);
  dnnl_->linear(rows_of(x), w.dim(1), w.dim(0), data(x), w, float_data(bias), data(y));
  return y;
}

Tensor NativeBackend::do_matmul(const Tensor& left, const Tensor& right, bool transpose_b) {
  const Tensor a = activation(left), b = activation(right);
  const DnnlOps::MatMul s{a.dim(0), a.dim(1), a.dim(2), b.dim(transpose_b ? 1 : 2), transpose_b, type_};
  Tensor y = make({s.batch, s.m, s.n});
  dnnl_->matmul(s, data(a), data(b), data(y));
  return y;
}

// --- Normalisation --------------------------------------------------------------------------------------------------

Tensor NativeBackend::do_layer_norm(const Tensor& input, const Tensor& g, const Tensor& b, float eps) {
  const Tensor x = activation(input), gain = floats(g), bias = floats(b);
  const int64_t cols = x.dim(-1);
  Tensor y = make(x.shape());
  void *from = data(x), *to = data(y);
  const float *pg = float_data(gain), *pb = float_data(bias);
  parallel_for(threads_, rows_of(x), grain_rows(cols), [&](int64_t begin, int64_t end) {
    kernels::layer_norm(type_, at(from, type_, begin * cols), pg, pb, at(to, type_, begin * cols), size_t(end - begin),
                        size_t(cols), eps);
  });
  return y;
}

Tensor NativeBackend::do_deviation_norm(const Tensor& input, const Tensor& g, float eps) {
  const Tensor x = activation(input), gain = floats(g);
  const int64_t cols = x.dim(-1);
  Tensor y = make(x.shape());
  void *from = data(x), *to = data(y);
  parallel_for(threads_, rows_of(x), grain_rows(cols), [&](int64_t begin, int64_t end) {
    kernels::deviation_norm(type_, at(from, type_, begin * cols), float_data(gain), at(to, type_, begin * cols),
                            size_t(end - begin), size_t(cols), eps);
  });
  return y;
}

std::vector<double> NativeBackend::column_sums(const Tensor& x, int64_t image, const float* mean) {
  constexpr int64_t kRows = 256;  // per call
  const int64_t cols = x.dim(-1), rows = rows_of(x) / x.dim(0), blocks = (rows + kRows - 1) / kRows;
  std::vector<float> partial(size_t(blocks * cols));
  void* from = at(data(x), type_, image * rows * cols);
  parallel_for(threads_, blocks, std::max<int64_t>(1, kGrain / (kRows * cols)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      kernels::column_sums(type_, at(from, type_, i * kRows * cols), mean, &partial[size_t(i * cols)],
                           size_t(std::min(kRows, rows - i * kRows)), size_t(cols));
  });
  std::vector<double> sums(size_t(cols), 0.0);
  for (size_t i = 0; i < partial.size(); ++i) sums[i % size_t(cols)] += double(partial[i]);
  return sums;
}

Tensor NativeBackend::do_group_norm(const Tensor& input, int groups, const Tensor& g, const Tensor& b, float eps) {
  const Tensor x = activation(input), gain = floats(g), bias = floats(b);
  const int64_t cols = x.dim(-1), images = x.dim(0), width = cols / groups;
  const double count = double(rows_of(x) / images * width);
  const float *pg = float_data(gain), *pb = float_data(bias);
  std::vector<float> mul(size_t(images * cols)), add(mul.size()), mean(size_t(cols), 0.0f);
  // Assigns to every channel the mean of its group's values.
  const auto group_means = [&](const std::vector<double>& sums) {
    std::vector<double> means(sums.size());
    for (int64_t c = 0; c < cols; ++c) {
      const auto first = sums.begin() + c / width * width;
      double total = 0;
      for (auto it = first; it != first + width; ++it) total += *it;
      means[size_t(c)] = total / count;
    }
    return means;
  };
  for (int64_t n = 0; n < images; ++n) {
    const auto means = group_means(column_sums(x, n, nullptr));
    std::copy(means.begin(), means.end(), mean.begin());
    const auto variances = group_means(column_sums(x, n, mean.data()));
    for (int64_t c = 0; c < cols; ++c) {
      const double factor = double(pg[c]) / std::sqrt(variances[size_t(c)] + double(eps));
      mul[size_t(n * cols + c)] = float(factor);
      add[size_t(n * cols + c)] = float(double(pb[c]) - means[size_t(c)] * factor);
    }
  }
  return affine(x, mul, add, false);
}

Tensor NativeBackend::affine(const Tensor& x, const std::vector<float>& mul, const std::vector<float>& add, bool silu) {
  const int64_t cols = x.dim(-1), per_image = rows_of(x) / x.dim(0);
  Tensor y = make(x.shape());
  void *from = data(x), *to = data(y);
  parallel_for(threads_, rows_of(x), grain_rows(cols), [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t image = begin / per_image, last = std::min(end, (image + 1) * per_image);
      kernels::affine(type_, at(from, type_, begin * cols), &mul[size_t(image * cols)], &add[size_t(image * cols)],
                      silu, at(to, type_, begin * cols), size_t(last - begin), size_t(cols));
      begin = last;
    }
  });
  return y;
}

Tensor NativeBackend::do_batch_norm(const Tensor& input, const Tensor& g, const Tensor& b, const Tensor& m,
                                    const Tensor& v, float eps) {
  const Tensor x = activation(input), gain = floats(g), bias = floats(b), mean = floats(m), variance = floats(v);
  std::vector<float> mul, add;  // (N,C)
  for (int64_t i = 0; i < x.dim(0) * x.dim(-1); ++i) {
    const int64_t c = i % x.dim(-1);
    mul.push_back(float_data(gain)[c] / std::sqrt(float_data(variance)[c] + eps));
    add.push_back(float_data(bias)[c] - float_data(mean)[c] * mul.back());
  }
  return affine(x, mul, add, false);
}

Tensor NativeBackend::do_normalize(const Tensor& input) {
  const Tensor x = activation(input);
  const int64_t cols = x.dim(-1);
  Tensor y = make(x.shape());
  void *from = data(x), *to = data(y);
  parallel_for(threads_, rows_of(x), grain_rows(cols), [&](int64_t begin, int64_t end) {
    kernels::normalize(type_, at(from, type_, begin * cols), at(to, type_, begin * cols), size_t(end - begin),
                       size_t(cols));
  });
  return y;
}

// --- Pointwise ------------------------------------------------------------------------------------------------------

Tensor NativeBackend::unary(kernels::Unary op, const Tensor& input, float factor) {
  const Tensor x = activation(input);
  Tensor y = make(x.shape());
  void *from = data(x), *to = data(y);
  parallel_for(threads_, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    kernels::unary(op, type_, at(from, type_, begin), at(to, type_, begin), size_t(end - begin), factor);
  });
  return y;
}

Tensor NativeBackend::do_gelu(const Tensor& x) { return unary(kernels::Unary::gelu, x); }
Tensor NativeBackend::do_gelu_tanh(const Tensor& x) { return unary(kernels::Unary::gelu_tanh, x); }
Tensor NativeBackend::do_quick_gelu(const Tensor& x) { return unary(kernels::Unary::quick_gelu, x); }
Tensor NativeBackend::do_silu(const Tensor& x) { return unary(kernels::Unary::silu, x); }
Tensor NativeBackend::do_relu(const Tensor& x) { return unary(kernels::Unary::relu, x); }
Tensor NativeBackend::do_leaky_relu(const Tensor& x, float slope) {
  return unary(kernels::Unary::leaky_relu, x, slope);
}
Tensor NativeBackend::do_sigmoid(const Tensor& x) { return unary(kernels::Unary::sigmoid, x); }
Tensor NativeBackend::do_scale(const Tensor& x, float factor) { return unary(kernels::Unary::scale, x, factor); }

Tensor NativeBackend::gated(const Tensor& input, void (*kernel)(DType, const void*, void*, size_t, size_t)) {
  const Tensor x = activation(input);
  Shape shape = x.shape();
  const int64_t cols = shape.back() /= 2;
  Tensor y = make(shape);
  void *from = data(x), *to = data(y);
  parallel_for(threads_, rows_of(x), grain_rows(cols), [&](int64_t begin, int64_t end) {
    kernel(type_, at(from, type_, begin * 2 * cols), at(to, type_, begin * cols), size_t(end - begin), size_t(cols));
  });
  return y;
}

Tensor NativeBackend::do_simple_gate(const Tensor& x) { return gated(x, kernels::simple_gate); }
Tensor NativeBackend::do_gelu_gate(const Tensor& x, Half through_gelu) {
  return gated(x, through_gelu == Half::first ? kernels::gelu_gate_first : kernels::gelu_gate_second);
}

Tensor NativeBackend::binary(kernels::Binary op, const Tensor& left, const Tensor& right) {
  const Tensor a = activation(left), b = activation(right);
  // Merge neighbouring dimensions that b shares, or that it repeats over, into one dimension.
  struct Run {
    int64_t length;
    bool repeats;
  };
  std::vector<Run> runs;
  for (int i = 0; i < a.rank(); ++i) {
    const int64_t length = a.dim(i);
    const int j = i - (a.rank() - b.rank());
    if (length == 1) continue;
    const bool repeats = j < 0 || b.dim(j) == 1;
    if (!runs.empty() && runs.back().repeats == repeats)
      runs.back().length *= length;
    else
      runs.push_back({length, repeats});
  }
  if (runs.empty()) runs.push_back({1, false});
  const Run inner = runs.back();
  runs.pop_back();
  const int64_t cols = inner.length, rows = a.numel() / cols, near = runs.empty() ? 1 : runs.back().length;
  const bool near_repeats = !runs.empty() && runs.back().repeats;
  const int64_t b_cols = inner.repeats ? 1 : cols, b_stride = near_repeats ? 0 : b_cols;
  const auto b_offset = [&](int64_t row) {
    int64_t offset = 0, stride = b_cols;
    for (size_t i = runs.size(); i-- > 0; row /= runs[i].length) {
      if (runs[i].repeats) continue;
      offset += row % runs[i].length * stride;
      stride *= runs[i].length;
    }
    return offset;
  };
  Tensor y = make(a.shape());
  void *pa = data(a), *pb = data(b), *py = data(y);
  if (rows == 1 && !inner.repeats) {
    parallel_for(threads_, cols, kGrain, [&](int64_t begin, int64_t end) {
      kernels::binary(op, type_, at(pa, type_, begin), at(pb, type_, begin), at(py, type_, begin), 1,
                      size_t(end - begin), 0, false);
    });
    return y;
  }
  parallel_for(threads_, rows, grain_rows(cols), [&](int64_t begin, int64_t end) {
    while (begin < end) {
      const int64_t last = std::min(end, (begin / near + 1) * near);
      kernels::binary(op, type_, at(pa, type_, begin * cols), at(pb, type_, b_offset(begin)),
                      at(py, type_, begin * cols), size_t(last - begin), size_t(cols), size_t(b_stride), inner.repeats);
      begin = last;
    }
  });
  return y;
}

Tensor NativeBackend::do_add(const Tensor& a, const Tensor& b) { return binary(kernels::Binary::add, a, b); }
Tensor NativeBackend::do_mul(const Tensor& a, const Tensor& b) { return binary(kernels::Binary::mul, a, b); }

Tensor NativeBackend::do_add_silu(const Tensor& a, const Tensor& b) { return binary(kernels::Binary::add_silu, a, b); }

Tensor NativeBackend::modulated(const Tensor& x, const Tensor& scale, const Tensor& shift, bool silu) {
  std::vector<float> mul = do_to_floats(scale);
  for (float& value : mul) value += 1.0f;
  return affine(activation(x), mul, do_to_floats(shift), silu);
}

Tensor NativeBackend::do_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  return modulated(x, scale, shift, false);
}

Tensor NativeBackend::do_modulate_silu(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  return modulated(x, scale, shift, true);
}

Tensor NativeBackend::do_add_scaled(const Tensor& left, const Tensor& right, const Tensor& g) {
  const Tensor a = activation(left), b = activation(right), gain = floats(g);
  const int64_t cols = a.dim(-1);
  Tensor y = make(a.shape());
  void *pa = data(a), *pb = data(b), *py = data(y);
  const float* pg = float_data(gain);
  parallel_for(threads_, rows_of(a), grain_rows(cols), [&](int64_t begin, int64_t end) {
    const int64_t offset = begin * cols;
    kernels::add_scaled(type_, at(pa, type_, offset), at(pb, type_, offset), pg, at(py, type_, offset),
                        size_t(end - begin), size_t(cols));
  });
  return y;
}

}  // namespace daclip
