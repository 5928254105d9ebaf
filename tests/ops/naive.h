// The operations in double precision, as direct as their definitions. All backends are compared with this one.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "ops/backend.h"

namespace daclip {

class NaiveBackend : public Backend {
 public:
  using Values = std::vector<double>;

  std::string name() const override { return "naive"; }
  DType compute_dtype() const override { return DType::f32; }
  static const Values& values(const Tensor& t) { return t.storage<const Values>(); }

 protected:
  static Tensor make(const Shape& shape, Values v) {
    return Tensor(shape, DType::f32, std::make_shared<Values>(std::move(v)));
  }
  static Values zeros(const Shape& shape) {
    size_t n = 1;
    for (int64_t d : shape) n *= size_t(d);
    return Values(n, 0.0);
  }
  // Value at (n,y,x,c); zero outside the map.
  static double pixel(const Tensor& t, int64_t n, int64_t y, int64_t x, int64_t c) {
    if (y < 0 || x < 0 || y >= t.dim(1) || x >= t.dim(2)) return 0;
    return values(t)[size_t(((n * t.dim(1) + y) * t.dim(2) + x) * t.dim(3) + c)];
  }
  template <class F>
  static Tensor map(const Tensor& x, const F& f) {
    Values v = values(x);
    for (double& value : v) value = f(value);
    return make(x.shape(), std::move(v));
  }
  // Sets every value of a feature map to f(n, y, x, c).
  template <class F>
  static Tensor image(const Shape& s, const F& f) {
    Values v = zeros(s);
    size_t i = 0;
    for (int64_t n = 0; n < s[0]; ++n)
      for (int64_t y = 0; y < s[1]; ++y)
        for (int64_t x = 0; x < s[2]; ++x)
          for (int64_t c = 0; c < s[3]; ++c) v[i++] = f(n, y, x, c);
    return make(s, std::move(v));
  }
  // Calls f(row, cols), which changes a row of the last dimension in place.
  template <class F>
  static Tensor rows(const Tensor& x, const F& f) {
    Values v = values(x);
    const size_t cols = size_t(x.dim(-1));
    for (size_t i = 0; i < v.size(); i += cols) f(&v[i], cols);
    return make(x.shape(), std::move(v));
  }
  template <class F>
  static Tensor combine(const Tensor& a, const Tensor& b, const F& f) {
    Values v = values(a);
    for (size_t i = 0; i < v.size(); ++i) {
      size_t rest = i, offset = 0, stride = 1;
      for (int d = 1; d <= a.rank(); ++d) {
        const size_t position = rest % size_t(a.dim(-d));
        rest /= size_t(a.dim(-d));
        if (d > b.rank()) continue;
        if (b.dim(-d) != 1) offset += position * stride;
        stride *= size_t(b.dim(-d));
      }
      v[i] = f(v[i], values(b)[offset]);
    }
    return make(a.shape(), std::move(v));
  }
  static void softmax_row(double* p, size_t n, size_t step = 1) {
    double top = p[0], sum = 0;
    for (size_t i = 0; i < n; ++i) top = std::max(top, p[i * step]);
    for (size_t i = 0; i < n; ++i) sum += p[i * step] = std::exp(p[i * step] - top);
    for (size_t i = 0; i < n; ++i) p[i * step] /= sum;
  }

  Tensor do_from_floats(std::span<const float> data, const Shape& shape) override {
    return make(shape, Values(data.begin(), data.end()));
  }
  Tensor do_weight(std::span<const float> data, const Shape& shape) override { return do_from_floats(data, shape); }
  std::vector<float> do_to_floats(const Tensor& x) override { return {values(x).begin(), values(x).end()}; }

  Tensor do_conv2d(const Tensor& x, const Tensor& w, const Tensor& b, ConvOptions o) override {
    const int64_t in = w.dim(1), kh = w.dim(2), kw = w.dim(3);
    const int64_t beside = o.padding_width < 0 ? o.padding : o.padding_width;
    const Shape shape = {x.dim(0), (x.dim(1) + 2 * o.padding - kh) / o.stride + 1,
                         (x.dim(2) + 2 * beside - kw) / o.stride + 1, w.dim(0)};
    return image(shape, [&](int64_t n, int64_t y, int64_t xx, int64_t c) {
      double sum = b.defined() ? values(b)[size_t(c)] : 0;
      for (int64_t i = 0; i < in; ++i)
        for (int64_t p = 0; p < kh; ++p)
          for (int64_t q = 0; q < kw; ++q)
            sum += pixel(x, n, y * o.stride - o.padding + p, xx * o.stride - beside + q, i) *
                   values(w)[size_t(((c * in + i) * kh + p) * kw + q)];
      return sum;
    });
  }
  Tensor do_depthwise_conv2d(const Tensor& x, const Tensor& w, const Tensor& b) override {
    const int64_t k = w.dim(2);
    return image(x.shape(), [&](int64_t n, int64_t y, int64_t xx, int64_t c) {
      double sum = b.defined() ? values(b)[size_t(c)] : 0;
      for (int64_t p = 0; p < k; ++p)
        for (int64_t q = 0; q < k; ++q)
          sum += pixel(x, n, y + p - k / 2, xx + q - k / 2, c) * values(w)[size_t((c * k + p) * k + q)];
      return sum;
    });
  }
  Tensor do_deform_conv2d(const Tensor& x, const Tensor& offsets, const Tensor& mask, const Tensor& w,
                          const Tensor& b) override {
    const int64_t k = w.dim(2), in = w.dim(1);
    return image({x.dim(0), x.dim(1), x.dim(2), w.dim(0)}, [&](int64_t n, int64_t y, int64_t i, int64_t o) {
      double sum = b.defined() ? values(b)[size_t(o)] : 0;
      for (int64_t t = 0; t < k * k; ++t) {
        const double row = double(y + t / k - k / 2) + pixel(offsets, n, y, i, 2 * t);
        const double column = double(i + t % k - k / 2) + pixel(offsets, n, y, i, 2 * t + 1);
        const int64_t top = int64_t(std::floor(row)), left = int64_t(std::floor(column));
        for (const int64_t r : {top, top + 1})
          for (const int64_t c : {left, left + 1})
            for (int64_t j = 0; j < in; ++j)
              sum += pixel(x, n, r, c, j) * (1 - std::abs(row - double(r))) * (1 - std::abs(column - double(c))) *
                     pixel(mask, n, y, i, t) * values(w)[size_t((o * in + j) * k * k + t)];
      }
      return sum;
    });
  }
  Tensor do_linear(const Tensor& x, const Tensor& w, const Tensor& b) override {
    const size_t in = size_t(w.dim(1)), out = size_t(w.dim(0)), count = size_t(x.numel()) / in;
    Shape shape = x.shape();
    shape.back() = w.dim(0);
    Values v(count * out);
    for (size_t r = 0; r < count; ++r)
      for (size_t o = 0; o < out; ++o) {
        double sum = b.defined() ? values(b)[o] : 0;
        for (size_t i = 0; i < in; ++i) sum += values(x)[r * in + i] * values(w)[o * in + i];
        v[r * out + o] = sum;
      }
    return make(shape, std::move(v));
  }
  Tensor do_matmul(const Tensor& a, const Tensor& b, bool transpose_b) override {
    const size_t batch = size_t(a.dim(0)), m = size_t(a.dim(1)), k = size_t(a.dim(2)),
                 n = size_t(b.dim(transpose_b ? 1 : 2));
    Values v(batch * m * n, 0.0);
    for (size_t s = 0; s < batch; ++s)
      for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < n; ++j)
          for (size_t l = 0; l < k; ++l)
            v[(s * m + i) * n + j] +=
                values(a)[(s * m + i) * k + l] * values(b)[transpose_b ? (s * n + j) * k + l : (s * k + l) * n + j];
    return make({a.dim(0), a.dim(1), int64_t(n)}, std::move(v));
  }

  Tensor do_mix_positions(const Tensor& x, const Tensor& w, const Tensor& b, Groups groups) override {
    const int64_t count = w.dim(0), side = int64_t(std::lround(std::sqrt(double(count))));
    const int64_t cell_height = x.dim(1) / side, cell_width = x.dim(2) / side;
    return image(x.shape(), [&](int64_t n, int64_t y, int64_t i, int64_t c) {
      const bool blocks = groups == Groups::blocks;
      const int64_t p = blocks ? y % side * side + i % side : y / cell_height * side + i / cell_width;
      double sum = values(b)[size_t(p)];
      for (int64_t q = 0; q < count; ++q) {
        const int64_t row = blocks ? y / side * side + q / side : q / side * cell_height + y % cell_height;
        const int64_t col = blocks ? i / side * side + q % side : q % side * cell_width + i % cell_width;
        sum += values(w)[size_t(p * count + q)] * pixel(x, n, row, col, c);
      }
      return sum;
    });
  }
  Tensor do_layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float eps) override {
    return rows(x, [&](double* p, size_t n) {
      double mean = 0, variance = 0;
      for (size_t i = 0; i < n; ++i) mean += p[i] / double(n);
      for (size_t i = 0; i < n; ++i) variance += (p[i] - mean) * (p[i] - mean) / double(n);
      for (size_t i = 0; i < n; ++i)
        p[i] = (p[i] - mean) / std::sqrt(variance + double(eps)) * values(gain)[i] +
               (bias.defined() ? values(bias)[i] : 0.0);
    });
  }
  Tensor do_deviation_norm(const Tensor& x, const Tensor& gain, float eps) override {
    return rows(x, [&](double* p, size_t n) {
      double mean = 0, variance = 0;
      for (size_t i = 0; i < n; ++i) mean += p[i] / double(n);
      for (size_t i = 0; i < n; ++i) variance += (p[i] - mean) * (p[i] - mean) / double(n);
      for (size_t i = 0; i < n; ++i) p[i] *= values(gain)[i] / std::sqrt(variance + double(eps));
    });
  }
  Tensor do_batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& mean,
                       const Tensor& variance, float eps) override {
    return rows(x, [&](double* p, size_t n) {
      for (size_t i = 0; i < n; ++i)
        p[i] =
            (p[i] - values(mean)[i]) / std::sqrt(values(variance)[i] + double(eps)) * values(gain)[i] + values(bias)[i];
    });
  }
  Tensor do_group_norm(const Tensor& x, int groups, const Tensor& gain, const Tensor& bias, float eps) override {
    const size_t cols = size_t(x.dim(-1)), images = size_t(x.dim(0)), width = cols / size_t(groups);
    const size_t per_image = size_t(x.numel()) / images;
    Values v = values(x);
    for (size_t n = 0; n < images; ++n)
      for (size_t g = 0; g < size_t(groups); ++g) {
        std::vector<double*> members;
        for (size_t i = 0; i < per_image; ++i)
          if (i % cols / width == g) members.push_back(&v[n * per_image + i]);
        double mean = 0, variance = 0;
        for (double* p : members) mean += *p / double(members.size());
        for (double* p : members) variance += (*p - mean) * (*p - mean) / double(members.size());
        for (double* p : members) {
          const size_t c = size_t(p - v.data()) % cols;
          *p = (*p - mean) / std::sqrt(variance + double(eps)) * values(gain)[c] + values(bias)[c];
        }
      }
    return make(x.shape(), std::move(v));
  }
  Tensor do_normalize(const Tensor& x) override {
    return rows(x, [](double* p, size_t n) {
      double squares = 0;
      for (size_t i = 0; i < n; ++i) squares += p[i] * p[i];
      for (size_t i = 0; i < n; ++i) p[i] /= std::max(std::sqrt(squares), 1e-12);
    });
  }

  Tensor do_gelu(const Tensor& x) override {
    return map(x, [](double v) { return v * 0.5 * std::erfc(-v / std::sqrt(2.0)); });
  }
  Tensor do_gelu_tanh(const Tensor& x) override {
    return map(x, [](double v) {
      return v / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v)));
    });
  }
  Tensor do_quick_gelu(const Tensor& x) override {
    return map(x, [](double v) { return v / (1 + std::exp(-1.702 * v)); });
  }
  Tensor do_silu(const Tensor& x) override {
    return map(x, [](double v) { return v / (1 + std::exp(-v)); });
  }
  Tensor do_relu(const Tensor& x) override {
    return map(x, [](double v) { return std::max(v, 0.0); });
  }
  Tensor do_leaky_relu(const Tensor& x, float slope) override {
    return map(x, [&](double v) { return v < 0 ? v * double(slope) : v; });
  }
  Tensor do_sigmoid(const Tensor& x) override {
    return map(x, [](double v) { return 1 / (1 + std::exp(-v)); });
  }
  Tensor do_scale(const Tensor& x, float factor) override {
    return map(x, [&](double v) { return v * double(factor); });
  }
  Tensor do_simple_gate(const Tensor& x) override {
    Shape shape = x.shape();
    const size_t c = size_t(shape.back() /= 2);
    Values v = zeros(shape);
    for (size_t i = 0; i < v.size(); ++i)
      v[i] = values(x)[i / c * 2 * c + i % c] * values(x)[i / c * 2 * c + c + i % c];
    return make(shape, std::move(v));
  }
  Tensor do_add(const Tensor& a, const Tensor& b) override {
    return combine(a, b, [](double p, double q) { return p + q; });
  }
  Tensor do_mul(const Tensor& a, const Tensor& b) override {
    return combine(a, b, [](double p, double q) { return p * q; });
  }
  Tensor do_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) override {
    const size_t c = size_t(x.dim(-1)), per_image = size_t(x.numel() / x.dim(0));
    Values v = values(x);
    for (size_t i = 0; i < v.size(); ++i) {
      const size_t j = i / per_image * c + i % c;
      v[i] = v[i] * (1 + values(scale)[j]) + values(shift)[j];
    }
    return make(x.shape(), std::move(v));
  }
  Tensor do_add_scaled(const Tensor& a, const Tensor& b, const Tensor& gain) override {
    return do_add(a, do_mul(b, gain));
  }

  Tensor do_softmax(const Tensor& x) override {
    return rows(x, [](double* p, size_t n) { softmax_row(p, n); });
  }
  Tensor do_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads, bool causal) override {
    const size_t tokens = size_t(q.dim(1)), sources = size_t(k.dim(1)), width = size_t(q.dim(2)),
                 d = width / size_t(heads);
    Values y = zeros(q.shape());
    for (size_t n = 0; n < size_t(q.dim(0)); ++n)
      for (size_t h = 0; h < size_t(heads); ++h)
        for (size_t t = 0; t < tokens; ++t) {
          const size_t visible = causal ? t + 1 : sources, at = (n * tokens + t) * width + h * d;
          std::vector<double> w(visible, 0.0);
          for (size_t s = 0; s < visible; ++s)
            for (size_t i = 0; i < d; ++i)
              w[s] += values(q)[at + i] * values(k)[(n * sources + s) * width + h * d + i] / std::sqrt(double(d));
          softmax_row(w.data(), visible);
          for (size_t s = 0; s < visible; ++s)
            for (size_t i = 0; i < d; ++i) y[at + i] += w[s] * values(v)[(n * sources + s) * width + h * d + i];
        }
    return make(q.shape(), std::move(y));
  }
  Tensor do_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, int heads) override {
    const size_t count = size_t(q.dim(1)), width = size_t(q.dim(2)), d = width / size_t(heads);
    Values vq = values(q), vk = values(k), y = zeros(q.shape());
    for (size_t n = 0; n < size_t(q.dim(0)); ++n) {
      const size_t base = n * count * width;
      for (size_t i = 0; i < count * size_t(heads); ++i) softmax_row(&vq[base + i * d], d);
      for (size_t c = 0; c < width; ++c) softmax_row(&vk[base + c], count, width);
      for (size_t h = 0; h < size_t(heads); ++h)
        for (size_t i = 0; i < d; ++i)
          for (size_t j = 0; j < d; ++j) {
            double context = 0;
            for (size_t p = 0; p < count; ++p)
              context += vk[base + p * width + h * d + i] * values(v)[base + p * width + h * d + j] / double(count);
            for (size_t p = 0; p < count; ++p)
              y[base + p * width + h * d + j] += vq[base + p * width + h * d + i] / std::sqrt(double(d)) * context;
          }
    }
    return make(q.shape(), std::move(y));
  }

  Tensor do_channel_attention(const Tensor& qkv, const Tensor& temperature, int heads) override {
    Shape shape = qkv.shape();
    const size_t cols = size_t(shape.back() /= 3), d = cols / size_t(heads), images = size_t(shape[0]);
    const size_t count = size_t(qkv.numel()) / images / cols / 3;
    Values y = zeros(shape);
    for (size_t n = 0; n < images; ++n) {
      const auto value = [&](size_t part, size_t p, size_t c) {
        return values(qkv)[(n * count + p) * 3 * cols + part * cols + c];
      };
      const auto length = [&](size_t part, size_t c) {
        double squares = 0;
        for (size_t p = 0; p < count; ++p) squares += value(part, p, c) * value(part, p, c);
        return std::max(std::sqrt(squares), 1e-12);
      };
      for (size_t c = 0; c < cols; ++c) {
        const size_t first = c / d * d;
        std::vector<double> w(d, 0.0);
        for (size_t j = 0; j < d; ++j) {
          for (size_t p = 0; p < count; ++p) w[j] += value(0, p, c) * value(1, p, first + j);
          w[j] *= values(temperature)[c / d] / (length(0, c) * length(1, first + j));
        }
        softmax_row(w.data(), d);
        for (size_t p = 0; p < count; ++p)
          for (size_t j = 0; j < d; ++j) y[(n * count + p) * cols + c] += w[j] * value(2, p, first + j);
      }
    }
    return make(shape, std::move(y));
  }

  Tensor do_reshape(const Tensor& x, const Shape& shape) override { return make(shape, values(x)); }
  Tensor do_concat(std::span<const Tensor> parts, int dim) override {
    Shape shape = parts[0].shape();
    for (size_t i = 1; i < parts.size(); ++i) shape[size_t(dim)] += parts[i].dim(dim);
    size_t outer = 1;
    for (int i = 0; i < dim; ++i) outer *= size_t(shape[size_t(i)]);
    Values v;
    for (size_t o = 0; o < outer; ++o)
      for (const Tensor& part : parts) {
        const auto length = std::ptrdiff_t(values(part).size() / outer), begin = std::ptrdiff_t(o) * length;
        v.insert(v.end(), values(part).begin() + begin, values(part).begin() + begin + length);
      }
    return make(shape, std::move(v));
  }
  Tensor do_slice(const Tensor& x, int dim, int64_t begin, int64_t end) override {
    Shape shape = x.shape();
    shape[size_t(dim)] = end - begin;
    int64_t inner = 1;
    for (int i = dim + 1; i < x.rank(); ++i) inner *= x.dim(i);
    Values v;
    for (int64_t i = 0; i < x.numel(); ++i) {
      const int64_t position = i / inner % x.dim(dim);
      if (position >= begin && position < end) v.push_back(values(x)[size_t(i)]);
    }
    return make(shape, std::move(v));
  }
  Tensor do_pad(const Tensor& x, int64_t height, int64_t width) override {
    return image({x.dim(0), height, width, x.dim(3)},
                 [&](int64_t n, int64_t y, int64_t i, int64_t c) { return pixel(x, n, y, i, c); });
  }
  Tensor do_pad_reflect(const Tensor& x, int64_t height, int64_t width) override {
    return image({x.dim(0), height, width, x.dim(3)}, [&](int64_t n, int64_t y, int64_t i, int64_t c) {
      return pixel(x, n, y < x.dim(1) ? y : 2 * x.dim(1) - 2 - y, i < x.dim(2) ? i : 2 * x.dim(2) - 2 - i, c);
    });
  }
  Tensor do_crop(const Tensor& x, int64_t height, int64_t width) override {
    return NaiveBackend::do_pad(x, height, width);
  }
  Tensor do_resize_nearest(const Tensor& x, int f) override {
    return image({x.dim(0), x.dim(1) * f, x.dim(2) * f, x.dim(3)},
                 [&](int64_t n, int64_t y, int64_t i, int64_t c) { return pixel(x, n, y / f, i / f, c); });
  }
  Tensor do_resize_bilinear(const Tensor& x, int64_t height, int64_t width, Shrink shrink) override {
    const auto weight = [shrink](int64_t from, int64_t to, int64_t input, int64_t output) {
      const double step = double(from) / double(to), reach = shrink == Shrink::two_taps ? 1 : std::max(1.0, step);
      const double distance = std::abs((double(output) + 0.5) * step - (double(input) + 0.5));
      return std::max(0.0, 1 - distance / reach);
    };
    return image({x.dim(0), height, width, x.dim(3)}, [&](int64_t n, int64_t y, int64_t i, int64_t c) {
      double sum = 0, weights = 0;
      for (int64_t j = 0; j < x.dim(1); ++j)
        for (int64_t k = 0; k < x.dim(2); ++k) {
          const double w = weight(x.dim(1), height, j, y) * weight(x.dim(2), width, k, i);
          if (w == 0) continue;
          sum += w * pixel(x, n, j, k, c);
          weights += w;
        }
      return sum / weights;
    });
  }
  Tensor do_pixel_shuffle(const Tensor& x, int f) override {
    return image({x.dim(0), x.dim(1) * f, x.dim(2) * f, x.dim(3) / f / f},
                 [&](int64_t n, int64_t y, int64_t i, int64_t c) {
                   return pixel(x, n, y / f, i / f, (c * f + y % f) * f + i % f);
                 });
  }
  Tensor do_pixel_unshuffle(const Tensor& x, int f) override {
    return image({x.dim(0), x.dim(1) / f, x.dim(2) / f, x.dim(3) * f * f},
                 [&](int64_t n, int64_t y, int64_t i, int64_t c) {
                   return pixel(x, n, y * f + c / f % f, i * f + c % f, c / f / f);
                 });
  }
  Tensor do_embedding(const Tensor& table, std::span<const int64_t> ids, int64_t count) override {
    const int64_t width = table.dim(1);
    Values v;
    for (int64_t id : ids)
      for (int64_t c = 0; c < width; ++c) v.push_back(values(table)[size_t(id * width + c)]);
    return make({count, int64_t(ids.size()) / count, width}, std::move(v));
  }
  Tensor do_take_token(const Tensor& x, std::span<const int64_t> index) override {
    Values v;
    for (int64_t n = 0; n < x.dim(0); ++n)
      for (int64_t c = 0; c < x.dim(2); ++c)
        v.push_back(values(x)[size_t((n * x.dim(1) + index[size_t(n)]) * x.dim(2) + c)]);
    return make({x.dim(0), x.dim(2)}, std::move(v));
  }

  Tensor do_global_mean(const Tensor& x) override {
    return image({x.dim(0), 1, 1, x.dim(3)}, [&](int64_t n, int64_t, int64_t, int64_t c) {
      double sum = 0;
      for (int64_t y = 0; y < x.dim(1); ++y)
        for (int64_t i = 0; i < x.dim(2); ++i) sum += pixel(x, n, y, i, c);
      return sum / double(x.dim(1) * x.dim(2));
    });
  }
  // Calls f with the values inside the map for every window that begins on the map or before it.
  template <class F>
  static Tensor pool(const Tensor& x, const PoolOptions& o, const F& f) {
    const auto windows = [&](int64_t length) {
      int64_t count = 0;
      for (int64_t begin = -o.padding; begin < length; begin += o.stride)
        if (begin + o.kernel <= length + o.padding || (o.ceil_mode && begin + o.kernel - o.stride < length + o.padding))
          ++count;
      return count;
    };
    return image({x.dim(0), windows(x.dim(1)), windows(x.dim(2)), x.dim(3)},
                 [&](int64_t n, int64_t y, int64_t i, int64_t c) {
                   const int64_t top = y * o.stride - o.padding, left = i * o.stride - o.padding;
                   Values inside;
                   for (int64_t p = std::max<int64_t>(top, 0); p < std::min(top + o.kernel, x.dim(1)); ++p)
                     for (int64_t q = std::max<int64_t>(left, 0); q < std::min(left + o.kernel, x.dim(2)); ++q)
                       inside.push_back(pixel(x, n, p, q, c));
                   return f(inside);
                 });
  }
  Tensor do_max_pool(const Tensor& x, PoolOptions options) override {
    return pool(x, options, [](const Values& v) { return *std::max_element(v.begin(), v.end()); });
  }
  Tensor do_average_pool(const Tensor& x, PoolOptions options) override {
    return pool(x, options, [](const Values& v) {
      double sum = 0;
      for (double value : v) sum += value;
      return sum / double(v.size());
    });
  }
  // As described in backend.h: means of the windows inside the map, each repeated `r` times, then the border.
  Tensor do_local_mean(const Tensor& x, int64_t kh, int64_t kw, int fast_stride) override {
    struct Axis {
      int64_t r = 1, first = 0, k, means;
    };
    const bool fast = fast_stride >= 1 && !(kh >= x.dim(1) && kw >= x.dim(2));
    const auto axis = [&](int64_t size, int64_t kernel) {
      if (!fast || size == 1) return Axis{1, 0, std::min(kernel, size), size - std::min(kernel, size) + 1};
      int64_t r = 5;
      while (size % r != 0) --r;
      r = std::min<int64_t>(r, fast_stride);
      const int64_t samples = (size + r - 1) / r, k = std::max<int64_t>(1, std::min(samples - 1, kernel / r));
      return Axis{r, samples > 1 ? 1 : 0, k, samples > 1 ? samples - k : 1};
    };
    const Axis rows_axis = axis(x.dim(1), kh), cols_axis = axis(x.dim(2), kw);
    const auto window = [](const Axis& a, int64_t position, int64_t size) {
      const int64_t before = (size - a.means * a.r) / 2;
      const int64_t inside = std::clamp<int64_t>(position - before, 0, a.means * a.r - 1);
      return inside / a.r;
    };
    return image(x.shape(), [&](int64_t n, int64_t y, int64_t i, int64_t c) {
      const int64_t top = rows_axis.first + window(rows_axis, y, x.dim(1)),
                    left = cols_axis.first + window(cols_axis, i, x.dim(2));
      double sum = 0;
      for (int64_t p = 0; p < rows_axis.k; ++p)
        for (int64_t q = 0; q < cols_axis.k; ++q)
          sum += pixel(x, n, (top + p) * rows_axis.r, (left + q) * cols_axis.r, c);
      return sum / double(rows_axis.k * cols_axis.k);
    });
  }
};

}  // namespace daclip
