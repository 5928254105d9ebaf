// Means over the whole map; means and maxima over windows.
#include <algorithm>

#include "engine/dnnl_ops.h"
#include "engine/kernels.h"
#include "engine/native_backend.h"
#include "engine/parallel.h"
#include "engine/rows.h"

namespace daclip {
namespace {

// The windows along one axis. mean[i] covers samples first + i ... first + i + window - 1, where samples are every
// stride-th position. It fills `stride` positions of the output from before + i * stride on; the first and last mean
// extend to the border.
struct Axis {
  int64_t size, samples, stride, first, window, means, before;

  Axis(int64_t length, int64_t kernel, int fast_stride) : size(length), samples(length), stride(1), first(0) {
    window = std::min(kernel, length);
    if (fast_stride >= 1 && length > 1) {
      for (stride = 5; length % stride != 0; --stride) {
      }
      stride = std::min<int64_t>(stride, fast_stride);
      samples = (length + stride - 1) / stride;
      // the reference's running sums lack the leading zero, so the first sample is never included
      first = samples > 1 ? 1 : 0;
      window = std::clamp<int64_t>(kernel / stride, 1, std::max<int64_t>(1, samples - 1));
    }
    means = samples - first - window + 1;
    before = (size - means * stride) / 2;
  }

  int64_t mean_at(int64_t position) const { return std::clamp((position - before) / stride, int64_t(0), means - 1); }
};

// Computes rows [begin, end) of one image's window means. The column sums slide down, the window's sum slides along
// them.
void window_means(const Axis& rows, const Axis& cols, int64_t channels, DType type, void* image, float* means,
                  int64_t begin, int64_t end) {
  const size_t width = size_t(cols.samples * channels);
  std::vector<float> line(size_t(cols.size * channels));
  std::vector<double> sums(width, 0.0), window(static_cast<size_t>(channels));
  const auto add_row = [&](int64_t sample, double sign) {
    kernels::convert(type, at(image, type, sample * rows.stride * cols.size * channels), DType::f32, line.data(),
                     line.size());
    for (int64_t x = 0; x < cols.samples; ++x)
      for (int64_t c = 0; c < channels; ++c)
        sums[size_t(x * channels + c)] += sign * double(line[size_t(x * cols.stride * channels + c)]);
  };
  for (int64_t i = 0; i < rows.window; ++i) add_row(rows.first + begin + i, 1);
  const double factor = 1.0 / double(rows.window * cols.window);
  for (int64_t y = begin; y < end; ++y) {
    if (y > begin) {
      add_row(rows.first + y - 1, -1);
      add_row(rows.first + y + rows.window - 1, 1);
    }
    std::fill(window.begin(), window.end(), 0.0);
    const double* head = &sums[size_t(cols.first * channels)];
    const double* tail = head;
    for (int64_t x = 0; x < cols.window - 1; ++x, head += channels)
      for (int64_t c = 0; c < channels; ++c) window[size_t(c)] += head[c];
    float* out = means + y * cols.means * channels;
    for (int64_t x = 0; x < cols.means; ++x, head += channels, tail += channels, out += channels)
      for (int64_t c = 0; c < channels; ++c) {
        const double total = window[size_t(c)] + head[c];
        out[c] = float(total * factor);
        window[size_t(c)] = total - tail[c];
      }
  }
}

}  // namespace

Tensor NativeBackend::do_global_mean(const Tensor& input) {
  const Tensor x = activation(input);
  const int64_t images = x.dim(0), channels = x.dim(3);
  const double count = double(x.dim(1) * x.dim(2));
  std::vector<float> means;
  for (int64_t n = 0; n < images; ++n)
    for (double sum : column_sums(x, n, nullptr)) means.push_back(float(sum / count));
  return do_from_floats(means, {images, 1, 1, channels});
}

Tensor NativeBackend::pooled(const Tensor& input, const PoolOptions& options, bool maximum) {
  const Tensor x = activation(input);
  const DnnlOps::Pooling s{x.dim(0),
                           x.dim(1),
                           x.dim(2),
                           x.dim(3),
                           options.kernel,
                           options.windows(x.dim(1)),
                           options.windows(x.dim(2)),
                           options.stride,
                           options.padding,
                           maximum};
  Tensor y = make({s.n, s.out_h, s.out_w, s.channels});
  dnnl_->pool(s, data(x), data(y));
  return y;
}

Tensor NativeBackend::do_max_pool(const Tensor& x, PoolOptions options) { return pooled(x, options, true); }
Tensor NativeBackend::do_average_pool(const Tensor& x, PoolOptions options) { return pooled(x, options, false); }

Tensor NativeBackend::do_local_mean(const Tensor& input, int64_t kernel_height, int64_t kernel_width, int fast_stride) {
  const Tensor x = activation(input);
  const int64_t height = x.dim(1), width = x.dim(2), channels = x.dim(3);
  // If the window covers the map, the result is the map's mean, also in the fast variant.
  const bool whole = kernel_height >= height && kernel_width >= width;
  const Axis rows(height, kernel_height, whole ? 0 : fast_stride), cols(width, kernel_width, whole ? 0 : fast_stride);
  Tensor y = make(x.shape());
  Tensor means = make({rows.means, cols.means, channels}, DType::f32);
  float* mean = static_cast<float*>(data(means));
  void* to = data(y);
  for (int64_t n = 0; n < x.dim(0); ++n) {
    void* image = at(data(x), type_, n * height * width * channels);
    // Each thread computes the sums of its first window from scratch, so use few, long pieces.
    parallel_for(threads_, rows.means, std::max<int64_t>(8, rows.window / 4), [&](int64_t begin, int64_t end) {
      window_means(rows, cols, channels, type_, image, mean, begin, end);
    });
    parallel_for(threads_, height, grain_rows(width * channels), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* line = mean + rows.mean_at(i) * cols.means * channels;
        std::byte* out = at(to, type_, (n * height + i) * width * channels);
        for (int64_t j = 0; j < width; ++j)
          kernels::convert(DType::f32, line + cols.mean_at(j) * channels, type_,
                           out + size_t(j * channels) * kernels::element_size(type_), size_t(channels));
      }
    });
  }
  return y;
}

}  // namespace daclip
