#include <algorithm>
#include <cstring>
#include <numeric>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/native_backend.h"
#include "engine/parallel.h"
#include "engine/rows.h"
#include "ops/resize_taps.h"

namespace daclip {
namespace {

// Product of the dimensions [begin, end).
int64_t extent(const Tensor& x, int begin, int end) {
  int64_t n = 1;
  for (int i = begin; i < end; ++i) n *= x.dim(i);
  return n;
}

// 0, 1, ..., n-1.
std::vector<int64_t> counting(int64_t n) {
  std::vector<int64_t> values(size_t(n), 0);
  std::iota(values.begin(), values.end(), int64_t(0));
  return values;
}

std::vector<int64_t> reflected(int64_t size, int64_t wanted) {
  std::vector<int64_t> values = counting(wanted);
  for (int64_t i = size; i < wanted; ++i) values[size_t(i)] = 2 * (size - 1) - i;
  return values;
}

}  // namespace

// A view of a weight shares its memory, but packed copies belong to each view.
Tensor NativeBackend::do_reshape(const Tensor& x, const Shape& shape) {
  data(x);
  auto storage = std::make_shared<NativeStorage>();
  NativeStorage& source = x.storage<NativeStorage>();
  const std::lock_guard lock(source.mutex);
  storage->buffer = source.buffer;
  return Tensor(shape, x.dtype(), std::move(storage));
}

// Parts of different types (a weight among activations) are converted to the compute type.
Tensor NativeBackend::do_concat(std::span<const Tensor> parts, int dim) {
  bool same = true;
  for (const Tensor& part : parts) same = same && part.dtype() == parts[0].dtype();
  const DType type = same ? parts[0].dtype() : type_;
  Shape shape = parts[0].shape();
  shape[size_t(dim)] = 0;
  for (const Tensor& part : parts) shape[size_t(dim)] += part.dim(dim);
  Tensor y = make(shape, type);
  const int64_t outer = extent(y, 0, dim), row = extent(y, dim, y.rank());
  void* to = data(y);
  int64_t offset = 0;
  for (const Tensor& part : parts) {
    const Tensor x = converted(part, type);
    const int64_t length = extent(x, dim, x.rank());
    void* from = data(x);
    const size_t bytes = size_t(length) * kernels::element_size(type);
    parallel_for(threads_, outer, grain_rows(length), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        std::memcpy(at(to, type, i * row + offset), at(from, type, i * length), bytes);
    });
    offset += length;
  }
  return y;
}

Tensor NativeBackend::do_slice(const Tensor& x, int dim, int64_t begin, int64_t end) {
  Shape shape = x.shape();
  shape[size_t(dim)] = end - begin;
  Tensor y = make(shape, x.dtype());
  const int64_t inner = extent(x, dim + 1, x.rank()), outer = extent(x, 0, dim);
  const int64_t row = x.dim(dim) * inner, length = (end - begin) * inner;
  const DType type = x.dtype();
  void *from = data(x), *to = data(y);
  parallel_for(threads_, outer, grain_rows(length), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      std::memcpy(at(to, type, i * length), at(from, type, i * row + begin * inner),
                  size_t(length) * kernels::element_size(type));
  });
  return y;
}

Tensor NativeBackend::gather(const Tensor& input, const std::vector<int64_t>& rows, const std::vector<int64_t>& cols) {
  const Tensor x = activation(input);
  const int64_t height = int64_t(rows.size()), width = int64_t(cols.size()), channels = x.dim(3);
  Tensor y = make({x.dim(0), height, width, channels});
  void *from = data(x), *to = data(y);
  const size_t pixel = size_t(channels) * kernels::element_size(type_);
  // A run of columns 0, 1, 2, ... is copied at once.
  int64_t plain = 0;
  while (plain < width && cols[size_t(plain)] == plain) ++plain;
  parallel_for(threads_, x.dim(0) * height, grain_rows(width * channels), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t source = rows[size_t(i % height)];
      std::byte* out = at(to, type_, i * width * channels);
      if (source < 0) {
        std::memset(out, 0, size_t(width) * pixel);
        continue;
      }
      const std::byte* in = at(from, type_, (i / height * x.dim(1) + source) * x.dim(2) * channels);
      std::memcpy(out, in, size_t(plain) * pixel);
      for (int64_t j = plain; j < width; ++j) {
        const int64_t column = cols[size_t(j)];
        if (column < 0)
          std::memset(out + size_t(j) * pixel, 0, pixel);
        else
          std::memcpy(out + size_t(j) * pixel, in + size_t(column) * pixel, pixel);
      }
    }
  });
  return y;
}

Tensor NativeBackend::do_pad(const Tensor& x, int64_t height, int64_t width) {
  std::vector<int64_t> rows = counting(height), cols = counting(width);
  std::fill(rows.begin() + x.dim(1), rows.end(), -1);
  std::fill(cols.begin() + x.dim(2), cols.end(), -1);
  return gather(x, rows, cols);
}

Tensor NativeBackend::do_pad_reflect(const Tensor& x, int64_t height, int64_t width) {
  return gather(x, reflected(x.dim(1), height), reflected(x.dim(2), width));
}

Tensor NativeBackend::do_crop(const Tensor& x, int64_t height, int64_t width) {
  return gather(x, counting(height), counting(width));
}

Tensor NativeBackend::do_resize_nearest(const Tensor& x, int factor) {
  std::vector<int64_t> rows = counting(x.dim(1) * factor), cols = counting(x.dim(2) * factor);
  for (int64_t& i : rows) i /= factor;
  for (int64_t& i : cols) i /= factor;
  return gather(x, rows, cols);
}

namespace {

// If `shuffle`: small (N,H,W,C*f*f) -> large (N,fH,fW,C), where channel c*f*f + i*f + j becomes pixel (i,j) of an f x f
// square. Otherwise the inverse.
template <class T>
void shuffle_rows(const T* from, T* to, int64_t width, int64_t channels, int f, int64_t begin, int64_t end,
                  bool shuffle) {
  const int64_t block = channels * f * f;
  for (int64_t row = begin; row < end; ++row)
    for (int i = 0; i < f; ++i)
      for (int64_t x = 0; x < width; ++x)
        for (int j = 0; j < f; ++j) {
          const int64_t packed = (row * width + x) * block + i * f + j;
          const int64_t spread = (((row * f + i) * width + x) * f + j) * channels;
          for (int64_t c = 0; c < channels; ++c) {
            if (shuffle)
              to[spread + c] = from[packed + c * f * f];
            else
              to[packed + c * f * f] = from[spread + c];
          }
        }
}

}  // namespace

Tensor NativeBackend::do_resize_bilinear(const Tensor& input, int64_t height, int64_t width, Shrink shrink) {
  const Tensor x = activation(input);
  const int64_t channels = x.dim(3), row = x.dim(2) * channels;
  const std::vector<ResizeTaps> down = resize_taps(x.dim(1), height, shrink);
  const std::vector<ResizeTaps> across = resize_taps(x.dim(2), width, shrink);
  Tensor y = make({x.dim(0), height, width, channels});
  void *from = data(x), *to = data(y);
  parallel_for(threads_, x.dim(0) * height, grain_rows(row), [&](int64_t begin, int64_t end) {
    std::vector<float> line(static_cast<size_t>(row));  // the rows' sum
    std::vector<const void*> parts;
    for (int64_t i = begin; i < end; ++i) {
      const ResizeTaps& rows = down[size_t(i % height)];
      parts.clear();
      for (size_t t = 0; t < rows.weights.size(); ++t)
        parts.push_back(at(from, type_, (i / height * x.dim(1) + rows.first + int64_t(t)) * row));
      kernels::weighted_sum(type_, parts.data(), rows.weights.data(), parts.size(), DType::f32, line.data(),
                            size_t(row));
      for (int64_t j = 0; j < width; ++j) {
        const ResizeTaps& columns = across[size_t(j)];
        parts.clear();
        for (size_t t = 0; t < columns.weights.size(); ++t)
          parts.push_back(line.data() + (columns.first + int64_t(t)) * channels);
        kernels::weighted_sum(DType::f32, parts.data(), columns.weights.data(), parts.size(), type_,
                              at(to, type_, (i * width + j) * channels), size_t(channels));
      }
    }
  });
  return y;
}

Tensor NativeBackend::do_pixel_shuffle(const Tensor& input, int factor) {
  const Tensor x = activation(input);
  const int64_t height = x.dim(1), width = x.dim(2), channels = x.dim(3) / factor / factor;
  Tensor y = make({x.dim(0), height * factor, width * factor, channels});
  void *from = data(x), *to = data(y);
  parallel_for(threads_, x.dim(0) * height, grain_rows(width * x.dim(3)), [&](int64_t begin, int64_t end) {
    if (type_ == DType::f32)
      shuffle_rows(static_cast<float*>(from), static_cast<float*>(to), width, channels, factor, begin, end, true);
    else
      shuffle_rows(static_cast<uint16_t*>(from), static_cast<uint16_t*>(to), width, channels, factor, begin, end, true);
  });
  return y;
}

Tensor NativeBackend::do_pixel_unshuffle(const Tensor& input, int factor) {
  const Tensor x = activation(input);
  const int64_t height = x.dim(1) / factor, width = x.dim(2) / factor, channels = x.dim(3);
  Tensor y = make({x.dim(0), height, width, channels * factor * factor});
  void *from = data(x), *to = data(y);
  parallel_for(threads_, x.dim(0) * height, grain_rows(width * y.dim(3)), [&](int64_t begin, int64_t end) {
    if (type_ == DType::f32)
      shuffle_rows(static_cast<float*>(from), static_cast<float*>(to), width, channels, factor, begin, end, false);
    else
      shuffle_rows(static_cast<uint16_t*>(from), static_cast<uint16_t*>(to), width, channels, factor, begin, end,
                   false);
  });
  return y;
}

Tensor NativeBackend::do_embedding(const Tensor& table, std::span<const int64_t> ids, int64_t rows) {
  const int64_t channels = table.dim(1);
  Tensor y = make({rows, int64_t(ids.size()) / rows, channels});
  void *from = data(table), *to = data(y);
  for (size_t i = 0; i < ids.size(); ++i)
    kernels::convert(table.dtype(), at(from, table.dtype(), ids[i] * channels), type_,
                     at(to, type_, int64_t(i) * channels), size_t(channels));
  return y;
}

Tensor NativeBackend::do_take_token(const Tensor& x, std::span<const int64_t> index) {
  const int64_t tokens = x.dim(1), channels = x.dim(2);
  Tensor y = make({x.dim(0), channels});
  void *from = data(x), *to = data(y);
  for (int64_t n = 0; n < x.dim(0); ++n)
    kernels::convert(x.dtype(), at(from, x.dtype(), (n * tokens + index[size_t(n)]) * channels), type_,
                     at(to, type_, n * channels), size_t(channels));
  return y;
}

}  // namespace daclip
