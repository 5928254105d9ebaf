// The engine's oneDNN calls: convolutions and matrix products on dense NHWC or row-major data. Primitives are created
// once per shape; weights are repacked once into the layout that the primitive prefers.
#pragma once

#include <array>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <dnnl.hpp>

#include "engine/memory_pool.h"
#include "ops/tensor.h"

namespace daclip {

// A weight in one of oneDNN's layouts.
struct Packed {
  dnnl::memory::desc layout;
  dnnl::memory::desc plain;  // the layout before packing
  std::shared_ptr<Buffer> buffer;
};

// The storage behind a Tensor of the native backend. Backends on several threads may share a weight: each of its forms
// is made on first use, under the mutex, and then kept.
struct NativeStorage {
  std::recursive_mutex mutex;
  std::shared_ptr<Buffer> buffer;  // row-major; released once a weight (is_weight) is packed
  bool is_weight = false;
  std::list<Packed> packed;           // for convolutions and linear layers; its elements stay where they are
  std::shared_ptr<Buffer> winograd;   // for 3x3 convolutions in float32
  std::shared_ptr<Buffer> depthwise;  // (k,k,C) float32, for depthwise_conv2d
  Tensor patches;                     // (O,kh*kw*I), for convolutions with non-overlapping windows

  // Row slices of a weight, from row `begin` on, that are used as separate weights.
  struct Rows {
    int64_t begin;
    Tensor weight;
  };
  std::vector<Rows> rows;
};

class DnnlOps {
 public:
  // `type` is the type of activations. Throws DeviceError if oneDNN does not work on this machine.
  DnnlOps(std::shared_ptr<MemoryPool> pool, DType type, int threads);

  // x (N,H,W,I), w (O,I,kh,kw) float32 or `type`, bias (O) float32 or null -> y (N,H',W',O).
  struct Conv {
    int64_t n, h, w, in, out, kh, kw, out_h, out_w, stride, padding, padding_width;
  };
  void conv2d(const Conv& shape, const void* x, const Tensor& w, const float* bias, void* y);

  // Pooling over square windows, without padding's values: x (N,H,W,C) -> y (N,H',W',C).
  struct Pooling {
    int64_t n, h, w, channels, kernel, out_h, out_w, stride, padding;
    bool maximum;  // maximum or mean
  };
  void pool(const Pooling& shape, const void* x, void* y);

  // x (rows,I), w (O,I,...) -> y (rows,O): the product, its gelu_tanh, or y plus the product.
  enum class After { nothing, gelu_tanh, add };
  void linear(int64_t rows, int64_t in, int64_t out, const void* x, const Tensor& w, const float* bias, void* y,
              After after = After::nothing);

  // a (B,M,K) * b (B,K,N), or b (B,N,K) -> y (B,M,N) of type `to`.
  struct MatMul {
    int64_t batch, m, k, n;
    bool transpose_b;
    DType to;
  };
  void matmul(const MatMul& shape, const void* a, const void* b, void* y);

  // A tensor's row-major data; unpacks it if the original was released.
  const void* plain(const Tensor& t);

  // Name of the oneDNN kernel that ran last, for benchmarks.
  const std::string& last_kernel() const { return last_kernel_; }

 private:
  using Key = std::array<int64_t, 14>;
  struct Entry {
    dnnl::primitive primitive;
    dnnl::memory::desc weights, scratchpad;
    std::string kernel;
  };

  template <class Make>
  const Entry& find(const Key& key, const Make& make);
  const Packed& pack(const Tensor& w, const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted);
  void padded_matmul(const MatMul& shape, const void* a, const void* b, void* y);
  void reorder(const dnnl::memory::desc& from, void* x, const dnnl::memory::desc& to, void* y);
  void execute(const Entry& entry, std::unordered_map<int, dnnl::memory> arguments);
  dnnl::memory memory(const dnnl::memory::desc& layout, const void* data);

  std::shared_ptr<MemoryPool> pool_;
  dnnl::memory::data_type type_;
  int threads_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::map<Key, Entry> entries_;
  std::shared_ptr<Buffer> scratch_;
  std::string last_kernel_;
};

}  // namespace daclip
