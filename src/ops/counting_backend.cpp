#include "ops/counting_backend.h"

namespace daclip {
namespace {

// All tensors share one dummy storage, which is never read.
const std::shared_ptr<void>& no_contents() {
  static const std::shared_ptr<void> contents = std::make_shared<char>();
  return contents;
}

Tensor shaped(Shape shape) { return Tensor(std::move(shape), DType::f32, no_contents()); }

Tensor resized(const Tensor& x, int64_t height, int64_t width, int64_t channels) {
  return shaped({x.dim(0), height, width, channels});
}

}  // namespace

Tensor CountingBackend::activation(const Shape& shape) const { return shaped(shape); }

Tensor CountingBackend::parameter(const Shape& shape) {
  const Tensor x = shaped(shape);
  parameters_ += x.numel();
  return x;
}

Tensor CountingBackend::do_from_floats(std::span<const float>, const Shape& shape) { return shaped(shape); }

Tensor CountingBackend::do_weight(std::span<const float>, const Shape& shape) { return parameter(shape); }

std::vector<float> CountingBackend::do_to_floats(const Tensor& x) { return std::vector<float>(size_t(x.numel())); }

Tensor CountingBackend::do_conv2d(const Tensor& x, const Tensor& w, const Tensor&, ConvOptions options) {
  const Tensor y = resized(x, options.rows(x.dim(1), w.dim(2)), options.columns(x.dim(2), w.dim(3)), w.dim(0));
  multiply_adds_ += double(y.numel()) * double(w.dim(1) * w.dim(2) * w.dim(3));
  return y;
}

Tensor CountingBackend::do_depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor&) {
  multiply_adds_ += double(x.numel()) * double(w.dim(2) * w.dim(3));
  return x;
}

Tensor CountingBackend::do_deform_conv2d(const Tensor& x, const Tensor&, const Tensor&, const Tensor& w,
                                         const Tensor& b) {
  return do_conv2d(x, w, b, {.padding = int(w.dim(2) / 2)});
}

Tensor CountingBackend::do_linear(const Tensor& x, const Tensor& w, const Tensor&) {
  Shape shape = x.shape();
  shape.back() = w.dim(0);
  multiply_adds_ += double(x.numel()) * double(w.dim(0));
  return shaped(std::move(shape));
}

Tensor CountingBackend::do_matmul(const Tensor& a, const Tensor& b, bool transpose_b) {
  const int64_t columns = b.dim(transpose_b ? 1 : 2);
  multiply_adds_ += double(a.numel()) * double(columns);
  return shaped({a.dim(0), a.dim(1), columns});
}

Tensor CountingBackend::do_mix_positions(const Tensor& x, const Tensor& w, const Tensor&, Groups) {
  multiply_adds_ += double(x.numel()) * double(w.dim(0));
  return x;
}

Tensor CountingBackend::do_layer_norm(const Tensor& x, const Tensor&, const Tensor&, float) { return x; }
Tensor CountingBackend::do_deviation_norm(const Tensor& x, const Tensor&, float) { return x; }
Tensor CountingBackend::do_batch_norm(const Tensor& x, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                      float) {
  return x;
}
Tensor CountingBackend::do_group_norm(const Tensor& x, int, const Tensor&, const Tensor&, float) { return x; }
Tensor CountingBackend::do_normalize(const Tensor& x) { return x; }
Tensor CountingBackend::do_gelu(const Tensor& x) { return x; }
Tensor CountingBackend::do_quick_gelu(const Tensor& x) { return x; }
Tensor CountingBackend::do_gelu_tanh(const Tensor& x) { return x; }
Tensor CountingBackend::do_silu(const Tensor& x) { return x; }
Tensor CountingBackend::do_relu(const Tensor& x) { return x; }
Tensor CountingBackend::do_leaky_relu(const Tensor& x, float) { return x; }
Tensor CountingBackend::do_sigmoid(const Tensor& x) { return x; }
Tensor CountingBackend::do_add(const Tensor& a, const Tensor&) { return a; }
Tensor CountingBackend::do_mul(const Tensor& a, const Tensor&) { return a; }
Tensor CountingBackend::do_scale(const Tensor& x, float) { return x; }
Tensor CountingBackend::do_modulate(const Tensor& x, const Tensor&, const Tensor&) { return x; }
Tensor CountingBackend::do_add_scaled(const Tensor& a, const Tensor&, const Tensor&) { return a; }
Tensor CountingBackend::do_softmax(const Tensor& x) { return x; }

Tensor CountingBackend::do_simple_gate(const Tensor& x) {
  Shape shape = x.shape();
  shape.back() /= 2;
  return shaped(std::move(shape));
}

Tensor CountingBackend::do_attention(const Tensor& q, const Tensor& k, const Tensor&, int, bool) {
  multiply_adds_ += 2 * double(q.numel()) * double(k.dim(1));  // q k^T, and the softmax times v
  return q;
}

Tensor CountingBackend::do_linear_attention(const Tensor& q, const Tensor&, const Tensor&, int heads) {
  multiply_adds_ += 2 * double(q.numel()) * double(q.dim(2) / heads);
  return q;
}

Tensor CountingBackend::do_channel_attention(const Tensor& qkv, const Tensor&, int heads) {
  Shape shape = qkv.shape();
  shape.back() /= 3;
  multiply_adds_ += 2 * double(qkv.numel() / 3) * double(shape.back() / heads);
  return shaped(std::move(shape));
}

Tensor CountingBackend::do_reshape(const Tensor&, const Shape& shape) { return shaped(shape); }

Tensor CountingBackend::do_concat(std::span<const Tensor> parts, int dim) {
  Shape shape = parts[0].shape();
  shape[size_t(dim)] = 0;
  for (const Tensor& part : parts) shape[size_t(dim)] += part.dim(dim);
  return shaped(std::move(shape));
}

Tensor CountingBackend::do_slice(const Tensor& x, int dim, int64_t begin, int64_t end) {
  Shape shape = x.shape();
  shape[size_t(dim)] = end - begin;
  return shaped(std::move(shape));
}

Tensor CountingBackend::do_pad(const Tensor& x, int64_t height, int64_t width) {
  return resized(x, height, width, x.dim(3));
}

Tensor CountingBackend::do_pad_reflect(const Tensor& x, int64_t height, int64_t width) {
  return resized(x, height, width, x.dim(3));
}

Tensor CountingBackend::do_crop(const Tensor& x, int64_t height, int64_t width) {
  return resized(x, height, width, x.dim(3));
}

Tensor CountingBackend::do_resize_nearest(const Tensor& x, int factor) {
  return resized(x, x.dim(1) * factor, x.dim(2) * factor, x.dim(3));
}

Tensor CountingBackend::do_resize_bilinear(const Tensor& x, int64_t height, int64_t width, Shrink) {
  return resized(x, height, width, x.dim(3));
}

Tensor CountingBackend::do_pixel_shuffle(const Tensor& x, int factor) {
  return resized(x, x.dim(1) * factor, x.dim(2) * factor, x.dim(3) / factor / factor);
}

Tensor CountingBackend::do_pixel_unshuffle(const Tensor& x, int factor) {
  return resized(x, x.dim(1) / factor, x.dim(2) / factor, x.dim(3) * factor * factor);
}

Tensor CountingBackend::do_embedding(const Tensor& table, std::span<const int64_t> ids, int64_t rows) {
  return shaped({rows, int64_t(ids.size()) / rows, table.dim(1)});
}

Tensor CountingBackend::do_take_token(const Tensor& x, std::span<const int64_t>) {
  return shaped({x.dim(0), x.dim(2)});
}

Tensor CountingBackend::do_global_mean(const Tensor& x) { return resized(x, 1, 1, x.dim(3)); }

Tensor CountingBackend::do_max_pool(const Tensor& x, PoolOptions options) {
  return resized(x, options.windows(x.dim(1)), options.windows(x.dim(2)), x.dim(3));
}

Tensor CountingBackend::do_average_pool(const Tensor& x, PoolOptions options) { return do_max_pool(x, options); }

Tensor CountingBackend::do_local_mean(const Tensor& x, int64_t, int64_t, int) { return x; }

}  // namespace daclip
