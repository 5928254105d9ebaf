#include "ops/backend.h"

#include <algorithm>
#include <cmath>

namespace daclip {
namespace {

// Checks that put the operation's name into every message.
class Check {
 public:
  Check(const char* operation, DType compute) : operation_(operation), compute_(compute) {}

  template <class... Args>
  [[noreturn]] void fail(const Args&... args) const {
    throw ShapeError(cat(operation_, ": ", args...));
  }

  template <class... Args>
  void require(bool condition, const Args&... args) const {
    if (!condition) fail(args...);
  }

  // Requires a present tensor of float32 (a weight) or the backend's compute type.
  void present(const char* what, const Tensor& t) const {
    require(t.defined(), what, " is absent");
    require(t.dtype() == DType::f32 || t.dtype() == compute_, what, " is ", dtype_name(t.dtype()), ", expected ",
            dtype_name(compute_));
  }

  void rank(const char* what, const Tensor& t, int rank, const char* layout) const {
    present(what, t);
    require(t.rank() == rank, what, " is ", to_string(t.shape()), ", expected ", layout);
  }

  void min_rank(const char* what, const Tensor& t, int rank, const char* layout) const {
    present(what, t);
    require(t.rank() >= rank, what, " is ", to_string(t.shape()), ", expected ", layout);
  }

  void shape(const char* what, const Tensor& t, const Shape& expected) const {
    present(what, t);
    require(t.shape() == expected, what, " is ", to_string(t.shape()), ", expected ", to_string(expected));
  }

  void shape_or_absent(const char* what, const Tensor& t, const Shape& expected) const {
    if (t.defined()) shape(what, t, expected);
  }

  void positive(const Shape& s) const {
    require(!s.empty(), "shape () has no dimensions");
    for (int64_t d : s) require(d >= 1, "shape ", to_string(s), " has a dimension below 1");
  }

 private:
  const char* operation_;
  DType compute_;
};

int64_t product(const Shape& shape) {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  return n;
}

void check_data(const Check& check, size_t count, const Shape& shape) {
  check.positive(shape);
  check.require(int64_t(count) == product(shape), count, " values for shape ", to_string(shape), ", expected ",
                product(shape));
}

int checked_dim(const Check& check, const Tensor& x, int dim) {
  check.require(dim >= -x.rank() && dim < x.rank(), "dimension ", dim, " of a tensor ", to_string(x.shape()));
  return dim < 0 ? dim + x.rank() : dim;
}

void check_halves(const Check& check, const Tensor& x) {
  check.min_rank("x", x, 1, "(...,2C)");
  check.require(x.dim(-1) % 2 == 0, "x is ", to_string(x.shape()), ", expected an even number of channels");
}

void check_modulation(const Check& check, const Tensor& x, const Tensor& scale, const Tensor& shift) {
  check.min_rank("x", x, 2, "(N,...,C)");
  check.shape("scale", scale, {x.dim(0), x.dim(-1)});
  check.shape("shift", shift, {x.dim(0), x.dim(-1)});
}

void check_linear(const Check& check, const Tensor& x, const Tensor& w, const Tensor& b) {
  check.min_rank("x", x, 1, "(...,I)");
  check.rank("w", w, 2, "(O,I)");
  check.require(w.dim(1) == x.dim(-1), "w ", to_string(w.shape()), " expects ", w.dim(1), " channels, x is ",
                to_string(x.shape()));
  check.shape_or_absent("b", b, {w.dim(0)});
}

void check_broadcast(const Check& check, const Tensor& a, const Tensor& b) {
  check.min_rank("a", a, 1, "at least one dimension");
  check.min_rank("b", b, 1, "at least one dimension");
  bool fits = b.rank() <= a.rank();
  for (int i = 1; fits && i <= b.rank(); ++i) fits = b.dim(-i) == 1 || b.dim(-i) == a.dim(-i);
  check.require(fits, "b ", to_string(b.shape()), " does not broadcast to a ", to_string(a.shape()));
}

void check_pool(const Check& check, const Tensor& x, const PoolOptions& options) {
  check.rank("x", x, 4, "(N,H,W,C)");
  check.require(options.kernel >= 1 && options.stride >= 1, "kernel ", options.kernel, " with stride ", options.stride,
                ", expected at least 1");
  check.require(options.padding >= 0 && 2 * options.padding <= options.kernel, "padding ", options.padding,
                ", expected 0 to half of kernel ", options.kernel);
  check.require(std::min(x.dim(1), x.dim(2)) + 2 * options.padding >= options.kernel, "kernel ", options.kernel,
                " is larger than x ", to_string(x.shape()), " with padding ", options.padding);
}

void check_heads(const Check& check, const Tensor& q, const Tensor& k, const Tensor& v, int heads) {
  check.rank("q", q, 3, "(N,T,D)");
  check.rank("k", k, 3, "(N,S,D)");
  check.require(k.dim(0) == q.dim(0) && k.dim(2) == q.dim(2), "k is ", to_string(k.shape()), ", expected (", q.dim(0),
                ", S, ", q.dim(2), ") as q ", to_string(q.shape()));
  check.shape("v", v, k.shape());
  check.require(heads >= 1 && q.dim(2) % heads == 0, heads, " heads do not divide D of q ", to_string(q.shape()));
}

}  // namespace

Tensor Backend::from_floats(std::span<const float> data, const Shape& shape) {
  check_data(Check("from_floats", compute_dtype()), data.size(), shape);
  return do_from_floats(data, shape);
}

Tensor Backend::weight(std::span<const float> data, const Shape& shape) {
  check_data(Check("weight", compute_dtype()), data.size(), shape);
  return do_weight(data, shape);
}

std::vector<float> Backend::to_floats(const Tensor& x) {
  Check("to_floats", compute_dtype()).present("x", x);
  return do_to_floats(x);
}

Tensor Backend::conv2d(const Tensor& x, const Tensor& w, const Tensor& b, ConvOptions options) {
  const Check check("conv2d", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,I)");
  check.rank("w", w, 4, "(O,I,kh,kw)");
  check.require(w.dim(1) == x.dim(3), "w ", to_string(w.shape()), " expects ", w.dim(1), " channels, x is ",
                to_string(x.shape()));
  check.shape_or_absent("b", b, {w.dim(0)});
  check.require(options.stride >= 1, "stride ", options.stride, ", expected at least 1");
  check.require(options.padding >= 0 && options.padding_width >= -1, "padding ", options.padding,
                " and horizontal padding ", options.padding_width, ", expected at least 0");
  check.require(x.dim(1) + 2 * options.padding >= w.dim(2) && x.dim(2) + 2 * options.beside() >= w.dim(3), "kernel ",
                to_string(w.shape()), " is larger than x ", to_string(x.shape()), " with padding ", options.padding,
                " x ", options.beside());
  return do_conv2d(x, w, b, options);
}

Tensor Backend::depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor& b) {
  const Check check("depthwise_conv2d", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.rank("w", w, 4, "(C,1,k,k)");
  check.require(w.dim(0) == x.dim(3) && w.dim(1) == 1 && w.dim(2) == w.dim(3) && w.dim(2) % 2 == 1, "w is ",
                to_string(w.shape()), ", expected (", x.dim(3), ", 1, k, k) with odd k for x ", to_string(x.shape()));
  check.shape_or_absent("b", b, {x.dim(3)});
  return do_depthwise_conv2d(x, w, b);
}

Tensor Backend::deform_conv2d(const Tensor& x, const Tensor& offsets, const Tensor& mask, const Tensor& w,
                              const Tensor& b) {
  const Check check("deform_conv2d", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,I)");
  check.rank("w", w, 4, "(O,I,k,k)");
  check.require(w.dim(1) == x.dim(3) && w.dim(2) == w.dim(3) && w.dim(2) % 2 == 1, "w is ", to_string(w.shape()),
                ", expected (O, ", x.dim(3), ", k, k) with odd k for x ", to_string(x.shape()));
  check.shape_or_absent("b", b, {w.dim(0)});
  const int64_t taps = w.dim(2) * w.dim(3);
  check.shape("offsets", offsets, {x.dim(0), x.dim(1), x.dim(2), 2 * taps});
  check.shape("mask", mask, {x.dim(0), x.dim(1), x.dim(2), taps});
  return do_deform_conv2d(x, offsets, mask, w, b);
}

Tensor Backend::linear(const Tensor& x, const Tensor& w, const Tensor& b) {
  check_linear(Check("linear", compute_dtype()), x, w, b);
  return do_linear(x, w, b);
}

Tensor Backend::linear_gelu_tanh(const Tensor& x, const Tensor& w, const Tensor& b) {
  check_linear(Check("linear_gelu_tanh", compute_dtype()), x, w, b);
  return do_linear_gelu_tanh(x, w, b);
}

Tensor Backend::matmul(const Tensor& a, const Tensor& b, bool transpose_b) {
  const Check check("matmul", compute_dtype());
  check.rank("a", a, 3, "(B,M,K)");
  check.rank("b", b, 3, transpose_b ? "(B,N,K)" : "(B,K,N)");
  check.require(b.dim(0) == a.dim(0) && b.dim(transpose_b ? 2 : 1) == a.dim(2), "b is ", to_string(b.shape()),
                ", expected ", transpose_b ? "(B,N,K)" : "(B,K,N)", " to fit a (B,M,K) ", to_string(a.shape()));
  return do_matmul(a, b, transpose_b);
}

Tensor Backend::mix_positions(const Tensor& x, const Tensor& w, const Tensor& b, Groups groups) {
  const Check check("mix_positions", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.rank("w", w, 2, "(P,P)");
  const int64_t positions = w.dim(0), side = int64_t(std::lround(std::sqrt(double(positions))));
  check.require(w.dim(1) == positions && side * side == positions, "w is ", to_string(w.shape()),
                ", expected (P, P) with a square number P");
  check.shape("b", b, {positions});
  check.require(x.dim(1) % side == 0 && x.dim(2) % side == 0, side, " does not divide height and width of x ",
                to_string(x.shape()));
  return do_mix_positions(x, w, b, groups);
}

Tensor Backend::layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float eps) {
  const Check check("layer_norm", compute_dtype());
  check.min_rank("x", x, 1, "(...,C)");
  check.shape("gain", gain, {x.dim(-1)});
  check.shape_or_absent("bias", bias, {x.dim(-1)});
  check.require(eps >= 0, "eps ", eps, " is negative");
  return do_layer_norm(x, gain, bias, eps);
}

Tensor Backend::deviation_norm(const Tensor& x, const Tensor& gain, float eps) {
  const Check check("deviation_norm", compute_dtype());
  check.min_rank("x", x, 1, "(...,C)");
  check.shape("gain", gain, {x.dim(-1)});
  check.require(eps >= 0, "eps ", eps, " is negative");
  return do_deviation_norm(x, gain, eps);
}

Tensor Backend::batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& mean,
                           const Tensor& variance, float eps) {
  const Check check("batch_norm", compute_dtype());
  check.min_rank("x", x, 2, "(N,...,C)");
  for (const auto& [name, t] : {std::pair{"gain", &gain}, {"bias", &bias}, {"mean", &mean}, {"variance", &variance}})
    check.shape(name, *t, {x.dim(-1)});
  check.require(eps >= 0, "eps ", eps, " is negative");
  return do_batch_norm(x, gain, bias, mean, variance, eps);
}

Tensor Backend::group_norm(const Tensor& x, int groups, const Tensor& gain, const Tensor& bias, float eps) {
  const Check check("group_norm", compute_dtype());
  check.min_rank("x", x, 2, "(N,...,C)");
  check.require(groups >= 1 && x.dim(-1) % groups == 0, groups, " groups do not divide the channels of x ",
                to_string(x.shape()));
  check.shape("gain", gain, {x.dim(-1)});
  check.shape("bias", bias, {x.dim(-1)});
  check.require(eps >= 0, "eps ", eps, " is negative");
  return do_group_norm(x, groups, gain, bias, eps);
}

Tensor Backend::normalize(const Tensor& x) {
  Check("normalize", compute_dtype()).min_rank("x", x, 1, "(...,C)");
  return do_normalize(x);
}

Tensor Backend::gelu(const Tensor& x) {
  Check("gelu", compute_dtype()).present("x", x);
  return do_gelu(x);
}

Tensor Backend::gelu_tanh(const Tensor& x) {
  Check("gelu_tanh", compute_dtype()).present("x", x);
  return do_gelu_tanh(x);
}

Tensor Backend::quick_gelu(const Tensor& x) {
  Check("quick_gelu", compute_dtype()).present("x", x);
  return do_quick_gelu(x);
}

Tensor Backend::silu(const Tensor& x) {
  Check("silu", compute_dtype()).present("x", x);
  return do_silu(x);
}

Tensor Backend::relu(const Tensor& x) {
  Check("relu", compute_dtype()).present("x", x);
  return do_relu(x);
}

Tensor Backend::leaky_relu(const Tensor& x, float slope) {
  const Check check("leaky_relu", compute_dtype());
  check.present("x", x);
  check.require(slope >= 0 && slope <= 1, "slope ", slope, ", expected 0 to 1");
  return do_leaky_relu(x, slope);
}

Tensor Backend::sigmoid(const Tensor& x) {
  Check("sigmoid", compute_dtype()).present("x", x);
  return do_sigmoid(x);
}

Tensor Backend::simple_gate(const Tensor& x) {
  check_halves(Check("simple_gate", compute_dtype()), x);
  return do_simple_gate(x);
}

Tensor Backend::add(const Tensor& a, const Tensor& b) {
  check_broadcast(Check("add", compute_dtype()), a, b);
  return do_add(a, b);
}

Tensor Backend::mul(const Tensor& a, const Tensor& b) {
  check_broadcast(Check("mul", compute_dtype()), a, b);
  return do_mul(a, b);
}

Tensor Backend::scale(const Tensor& x, float factor) {
  Check("scale", compute_dtype()).present("x", x);
  return do_scale(x, factor);
}

Tensor Backend::modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  check_modulation(Check("modulate", compute_dtype()), x, scale, shift);
  return do_modulate(x, scale, shift);
}

Tensor Backend::add_scaled(const Tensor& a, const Tensor& b, const Tensor& gain) {
  const Check check("add_scaled", compute_dtype());
  check.min_rank("a", a, 1, "(...,C)");
  check.shape("b", b, a.shape());
  check.shape("gain", gain, {a.dim(-1)});
  return do_add_scaled(a, b, gain);
}

Tensor Backend::gelu_gate(const Tensor& x, Half through_gelu) {
  check_halves(Check("gelu_gate", compute_dtype()), x);
  return do_gelu_gate(x, through_gelu);
}

Tensor Backend::modulate_silu(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  check_modulation(Check("modulate_silu", compute_dtype()), x, scale, shift);
  return do_modulate_silu(x, scale, shift);
}

Tensor Backend::add_silu(const Tensor& a, const Tensor& b) {
  const Check check("add_silu", compute_dtype());
  check.min_rank("a", a, 1, "at least one dimension");
  check.shape("b", b, a.shape());
  return do_add_silu(a, b);
}

Tensor Backend::softmax(const Tensor& x) {
  Check("softmax", compute_dtype()).min_rank("x", x, 1, "(...,C)");
  return do_softmax(x);
}

Tensor Backend::attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads, bool causal) {
  const Check check("attention", compute_dtype());
  check_heads(check, q, k, v, heads);
  check.require(!causal || q.dim(1) == k.dim(1), "causal needs T == S, q is ", to_string(q.shape()), ", k is ",
                to_string(k.shape()));
  return do_attention(q, k, v, heads, causal);
}

Tensor Backend::linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads) {
  const Check check("linear_attention", compute_dtype());
  check_heads(check, q, k, v, heads);
  check.shape("k", k, q.shape());
  return do_linear_attention(q, k, v, heads);
}

Tensor Backend::channel_attention(const Tensor& qkv, const Tensor& temperature, int heads) {
  const Check check("channel_attention", compute_dtype());
  check.min_rank("qkv", qkv, 2, "(N,...,3D)");
  check.require(heads >= 1 && qkv.dim(-1) % (3 * int64_t(heads)) == 0, "3 times ", heads,
                " heads do not divide the channels of qkv ", to_string(qkv.shape()));
  check.shape("temperature", temperature, {heads});
  return do_channel_attention(qkv, temperature, heads);
}

Tensor Backend::do_linear_gelu_tanh(const Tensor& x, const Tensor& w, const Tensor& b) {
  return do_gelu_tanh(do_linear(x, w, b));
}

Tensor Backend::do_gelu_gate(const Tensor& x, Half through_gelu) {
  const int64_t half = x.dim(-1) / 2, begin = through_gelu == Half::first ? 0 : half;
  const int last = x.rank() - 1;
  return do_mul(do_slice(x, last, half - begin, 2 * half - begin), do_gelu(do_slice(x, last, begin, begin + half)));
}

Tensor Backend::do_modulate_silu(const Tensor& x, const Tensor& scale, const Tensor& shift) {
  return do_silu(do_modulate(x, scale, shift));
}

Tensor Backend::do_add_silu(const Tensor& a, const Tensor& b) { return do_add(a, do_silu(b)); }

Tensor Backend::reshape(const Tensor& x, const Shape& shape) {
  const Check check("reshape", compute_dtype());
  check.present("x", x);
  check.positive(shape);
  check.require(product(shape) == x.numel(), to_string(x.shape()), " to ", to_string(shape),
                ": different numbers of values");
  return do_reshape(x, shape);
}

Tensor Backend::concat(std::span<const Tensor> parts, int dim) {
  const Check check("concat", compute_dtype());
  check.require(!parts.empty(), "no parts");
  check.min_rank("part 0", parts[0], 1, "at least one dimension");
  dim = checked_dim(check, parts[0], dim);
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string what = cat("part ", i);
    check.present(what.c_str(), parts[i]);
    bool fits = parts[i].rank() == parts[0].rank();
    for (int d = 0; fits && d < parts[0].rank(); ++d) fits = d == dim || parts[i].dim(d) == parts[0].dim(d);
    check.require(fits, what, " is ", to_string(parts[i].shape()), ", expected ", to_string(parts[0].shape()),
                  " except for dimension ", dim);
  }
  return do_concat(parts, dim);
}

Tensor Backend::slice(const Tensor& x, int dim, int64_t begin, int64_t end) {
  const Check check("slice", compute_dtype());
  check.min_rank("x", x, 1, "at least one dimension");
  dim = checked_dim(check, x, dim);
  check.require(0 <= begin && begin < end && end <= x.dim(dim), "[", begin, ", ", end, ") of dimension ", dim, " of ",
                to_string(x.shape()));
  return do_slice(x, dim, begin, end);
}

Tensor Backend::pad(const Tensor& x, int64_t height, int64_t width) {
  const Check check("pad", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.require(height >= x.dim(1) && width >= x.dim(2), "x ", to_string(x.shape()), " to ", height, " x ", width,
                ", expected at least its size");
  return do_pad(x, height, width);
}

Tensor Backend::pad_reflect(const Tensor& x, int64_t height, int64_t width) {
  const Check check("pad_reflect", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.require(height >= x.dim(1) && width >= x.dim(2) && height < 2 * x.dim(1) && width < 2 * x.dim(2), "x ",
                to_string(x.shape()), " to ", height, " x ", width, ", expected at least its size and below twice it");
  return do_pad_reflect(x, height, width);
}

Tensor Backend::crop(const Tensor& x, int64_t height, int64_t width) {
  const Check check("crop", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.require(height >= 1 && width >= 1 && height <= x.dim(1) && width <= x.dim(2), "x ", to_string(x.shape()),
                " to ", height, " x ", width, ", expected at most its size");
  return do_crop(x, height, width);
}

Tensor Backend::resize_nearest(const Tensor& x, int factor) {
  const Check check("resize_nearest", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.require(factor >= 1, "factor ", factor, ", expected at least 1");
  return do_resize_nearest(x, factor);
}

Tensor Backend::resize_bilinear(const Tensor& x, int64_t height, int64_t width, Shrink shrink) {
  const Check check("resize_bilinear", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.require(height >= 1 && width >= 1, "to ", height, " x ", width, ", expected at least 1 x 1");
  return do_resize_bilinear(x, height, width, shrink);
}

Tensor Backend::pixel_shuffle(const Tensor& x, int factor) {
  const Check check("pixel_shuffle", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C*f*f)");
  check.require(factor >= 1 && x.dim(3) % (int64_t(factor) * factor) == 0, "factor ", factor,
                " squared does not divide the channels of x ", to_string(x.shape()));
  return do_pixel_shuffle(x, factor);
}

Tensor Backend::pixel_unshuffle(const Tensor& x, int factor) {
  const Check check("pixel_unshuffle", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.require(factor >= 1 && x.dim(1) % factor == 0 && x.dim(2) % factor == 0, "factor ", factor,
                " does not divide height and width of x ", to_string(x.shape()));
  return do_pixel_unshuffle(x, factor);
}

Tensor Backend::embedding(const Tensor& table, std::span<const int64_t> ids, int64_t rows) {
  const Check check("embedding", compute_dtype());
  check.rank("table", table, 2, "(V,C)");
  check.require(rows >= 1 && !ids.empty() && int64_t(ids.size()) % rows == 0, ids.size(), " ids do not fill ", rows,
                " rows");
  for (int64_t id : ids)
    check.require(id >= 0 && id < table.dim(0), "id ", id, " is outside the table ", to_string(table.shape()));
  return do_embedding(table, ids, rows);
}

Tensor Backend::take_token(const Tensor& x, std::span<const int64_t> index) {
  const Check check("take_token", compute_dtype());
  check.rank("x", x, 3, "(N,T,C)");
  check.require(int64_t(index.size()) == x.dim(0), index.size(), " indices for x ", to_string(x.shape()),
                ", expected one per row");
  for (int64_t i : index) check.require(i >= 0 && i < x.dim(1), "index ", i, " is outside x ", to_string(x.shape()));
  return do_take_token(x, index);
}

Tensor Backend::global_mean(const Tensor& x) {
  Check("global_mean", compute_dtype()).rank("x", x, 4, "(N,H,W,C)");
  return do_global_mean(x);
}

Tensor Backend::max_pool(const Tensor& x, PoolOptions options) {
  check_pool(Check("max_pool", compute_dtype()), x, options);
  return do_max_pool(x, options);
}

Tensor Backend::average_pool(const Tensor& x, PoolOptions options) {
  check_pool(Check("average_pool", compute_dtype()), x, options);
  return do_average_pool(x, options);
}

Tensor Backend::local_mean(const Tensor& x, int64_t kernel_height, int64_t kernel_width, int fast_stride) {
  const Check check("local_mean", compute_dtype());
  check.rank("x", x, 4, "(N,H,W,C)");
  check.require(kernel_height >= 1 && kernel_width >= 1, "window ", kernel_height, " x ", kernel_width,
                ", expected at least 1 x 1");
  check.require(fast_stride >= 0, "fast_stride ", fast_stride, ", expected at least 0");
  return do_local_mean(x, kernel_height, kernel_width, fast_stride);
}

}  // namespace daclip
