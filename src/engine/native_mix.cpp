#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/native_backend.h"
#include "engine/parallel.h"
#include "engine/rows.h"
#include "ops/resize_taps.h"

namespace daclip {
namespace {

// The runs of contiguous values that one position of all groups consists of, in order: within a block one pixel, within
// a grid a row of a cell.
struct PositionRuns {
  int64_t image, width, side, down, across;  // sizes of the map, of a group, and numbers of groups
  bool blocks;

  int64_t count() const { return blocks ? down * across : down; }  // per image
  int64_t pixels() const { return blocks ? 1 : across; }           // of each run

  // The first pixel of run i of position p in image n.
  int64_t pixel(int64_t n, int64_t p, int64_t i) const {
    const int64_t row = blocks ? i / across * side + p / side : p / side * down + i;
    const int64_t column = blocks ? i % across * side + p % side : p % side * across;
    return n * image + row * width + column;
  }
};

}  // namespace

// Brings each position's values of all groups into one row, multiplies by w, and brings the rows back.
Tensor NativeBackend::do_mix_positions(const Tensor& input, const Tensor& w, const Tensor& b, Groups groups) {
  const Tensor x = activation(input), matrix = activation(w), bias = floats(b);
  const int64_t images = x.dim(0), height = x.dim(1), width = x.dim(2), channels = x.dim(3), positions = w.dim(0);
  const int64_t side = int64_t(std::lround(std::sqrt(double(positions))));
  const PositionRuns runs{height * width, width, side, height / side, width / side, groups == Groups::blocks};
  const int64_t length = runs.pixels() * channels, cols = images * runs.count() * length;
  const size_t bytes = size_t(length) * kernels::element_size(type_);

  const Tensor rows = make({1, positions, cols}), mixed = make({1, positions, cols});
  void *from = data(x), *gathered = data(rows);
  parallel_for(threads_, positions, grain_rows(cols), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p)
      for (int64_t n = 0; n < images; ++n)
        for (int64_t i = 0; i < runs.count(); ++i)
          std::copy_n(at(from, type_, runs.pixel(n, p, i) * channels), bytes,
                      at(gathered, type_, p * cols + (n * runs.count() + i) * length));
  });
  dnnl_->matmul({1, positions, positions, cols, false, type_}, data(matrix), data(rows), data(mixed));

  Tensor y = make(x.shape());
  void *product = data(mixed), *to = data(y);
  const float* offsets = float_data(bias);
  const std::vector<float> ones(size_t(length), 1.0f);
  parallel_for(threads_, positions, grain_rows(cols), [&](int64_t begin, int64_t end) {
    std::vector<float> offset(static_cast<size_t>(length));
    for (int64_t p = begin; p < end; ++p) {
      std::fill(offset.begin(), offset.end(), offsets[p]);
      for (int64_t n = 0; n < images; ++n)
        for (int64_t i = 0; i < runs.count(); ++i)
          kernels::affine(type_, at(product, type_, p * cols + (n * runs.count() + i) * length), ones.data(),
                          offset.data(), false, at(to, type_, runs.pixel(n, p, i) * channels), 1, size_t(length));
    }
  });
  return y;
}

Tensor NativeBackend::do_resize_bilinear(const Tensor& input, int64_t height, int64_t width) {
  const Tensor x = activation(input);
  const int64_t channels = x.dim(3), row = x.dim(2) * channels;
  const std::vector<ResizeTaps> down = resize_taps(x.dim(1), height), across = resize_taps(x.dim(2), width);
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

}  // namespace daclip
