#include "engine/dnnl_ops.h"

#include <cstring>

#include "engine/kernels.h"
#include "engine/parallel.h"

namespace daclip {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

// Limit of cached primitives: shapes change with the picture's size, so a folder of pictures would fill the memory.
constexpr size_t kMaxEntries = 512;

bool has_isa(dnnl::cpu_isa isa) {
  const unsigned have = unsigned(dnnl::get_effective_cpu_isa()), need = unsigned(isa);
  return (have & need) == need;
}

// oneDNN 2.6.3's AMX kernels take right-hand sides in blocks of 32 columns. On several threads the last block is wrong
// if more than 16 of its columns are used, such as 50 = 32 + 18: CLIP ViT-B/32's number of tokens.
constexpr int64_t kAmxBlock = 32, kAmxRightTail = 16;

Type dnnl_type(DType type) { return type == DType::f32 ? Type::f32 : Type::bf16; }

// `count` rows of `bytes`, `from_stride` and `to_stride` bytes apart.
void copy_rows(const void* from, size_t from_stride, void* to, size_t to_stride, int64_t count, size_t bytes) {
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(static_cast<std::byte*>(to) + size_t(i) * to_stride,
                static_cast<const std::byte*>(from) + size_t(i) * from_stride, bytes);
}

template <class Work>
auto translate_errors(const char* what, const Work& work) {
  try {
    return work();
  } catch (const dnnl::error& e) {
    if (e.status == dnnl_out_of_memory) throw LimitError(cat(what, ": out of memory"));
    throw DeviceError(cat(what, ": oneDNN: ", e.what()));
  }
}

dnnl::primitive_attr user_scratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

}  // namespace

DnnlOps::DnnlOps(std::shared_ptr<MemoryPool> pool, DType type, int threads)
    : pool_(std::move(pool)), type_(dnnl_type(type)), threads_(threads) {
  translate_errors("engine", [&] {
    engine_ = dnnl::engine(dnnl::engine::kind::cpu, 0);
    stream_ = dnnl::stream(engine_);
  });
}

template <class Make>
const DnnlOps::Entry& DnnlOps::find(const Key& key, const Make& make) {
  const auto it = entries_.find(key);
  if (it != entries_.end()) return it->second;
  if (entries_.size() >= kMaxEntries) entries_.clear();
  return entries_.emplace(key, make()).first->second;
}

dnnl::memory DnnlOps::memory(const dnnl::memory::desc& layout, const void* data) {
  return dnnl::memory(layout, engine_, const_cast<void*>(data));
}

void DnnlOps::reorder(const memory::desc& from, void* x, const memory::desc& to, void* y) {
  dnnl::memory source = memory(from, x), target = memory(to, y);
  dnnl::reorder(source, target).execute(stream_, source, target);
  stream_.wait();
}

const Packed& DnnlOps::pack(const Tensor& w, const memory::desc& plain_layout, const memory::desc& wanted) {
  NativeStorage& storage = w.storage<NativeStorage>();
  const std::lock_guard lock(storage.mutex);
  for (const Packed& packed : storage.packed)
    if (packed.layout == wanted) return packed;
  void* data = const_cast<void*>(plain(w));
  Packed packed{wanted, plain_layout, pool_->allocate(wanted.get_size())};
  reorder(plain_layout, data, wanted, packed.buffer->data());
  storage.packed.push_back(std::move(packed));
  if (storage.is_weight && storage.packed.size() == 1) storage.buffer.reset();  // a second use keeps both forms
  return storage.packed.back();
}

const void* DnnlOps::plain(const Tensor& t) {
  NativeStorage& storage = t.storage<NativeStorage>();
  if (!storage.is_weight) return storage.buffer->data();
  const std::lock_guard lock(storage.mutex);
  if (!storage.buffer && storage.packed.empty()) {
    storage.buffer = pool_->allocate(size_t(t.numel()) * sizeof(float));
    kernels::winograd_plain_weights(static_cast<const float*>(storage.winograd->data()), t.dim(1), t.dim(0),
                                    static_cast<float*>(storage.buffer->data()));
  } else if (!storage.buffer) {
    const Packed& packed = storage.packed.front();
    auto buffer = pool_->allocate(packed.plain.get_size());
    translate_errors("unpack", [&] {
      const ThreadScope scope(threads_);
      reorder(packed.layout, packed.buffer->data(), packed.plain, buffer->data());
    });
    storage.buffer = std::move(buffer);
  }
  return storage.buffer->data();
}

void DnnlOps::execute(const Entry& entry, std::unordered_map<int, dnnl::memory> arguments) {
  const size_t bytes = entry.scratchpad.get_size();
  if (bytes > 0) {
    if (!scratch_ || scratch_->size() < bytes) {
      scratch_.reset();
      scratch_ = pool_->allocate(bytes);
    }
    arguments.insert({DNNL_ARG_SCRATCHPAD, memory(entry.scratchpad, scratch_->data())});
  }
  entry.primitive.execute(stream_, arguments);
  stream_.wait();
  last_kernel_ = entry.kernel;
}

void DnnlOps::conv2d(const Conv& s, const void* x, const Tensor& w, const float* bias, void* y) {
  const ThreadScope scope(threads_);
  translate_errors("conv2d", [&] {
    const memory::desc source({s.n, s.in, s.h, s.w}, type_, Tag::nhwc),
        target({s.n, s.out, s.out_h, s.out_w}, type_, Tag::nhwc);
    const memory::desc bias_layout = bias ? memory::desc({s.out}, Type::f32, Tag::a) : memory::desc();
    const memory::dims kernel = {s.out, s.in, s.kh, s.kw};
    const Key key = {0, s.n, s.h, s.w, s.in, s.out, s.kh, s.kw, s.stride, s.padding, s.padding_width, bias != nullptr};
    const Entry& entry = find(key, [&] {
      const dnnl::convolution_forward::desc operation(
          dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source,
          memory::desc(kernel, type_, Tag::any), bias_layout, target, {s.stride, s.stride},
          {s.padding, s.padding_width}, {s.padding, s.padding_width});
      const dnnl::convolution_forward::primitive_desc pd(operation, user_scratchpad(), engine_);
      return Entry{dnnl::convolution_forward(pd), pd.weights_desc(), pd.scratchpad_desc(), pd.impl_info_str()};
    });
    const Packed& packed = pack(w, memory::desc(kernel, dnnl_type(w.dtype()), Tag::oihw), entry.weights);
    std::unordered_map<int, dnnl::memory> arguments = {{DNNL_ARG_SRC, memory(source, x)},
                                                       {DNNL_ARG_WEIGHTS, memory(packed.layout, packed.buffer->data())},
                                                       {DNNL_ARG_DST, memory(target, y)}};
    if (bias) arguments.insert({DNNL_ARG_BIAS, memory(bias_layout, bias)});
    execute(entry, std::move(arguments));
  });
}

void DnnlOps::pool(const Pooling& s, const void* x, void* y) {
  const ThreadScope scope(threads_);
  translate_errors("pool", [&] {
    const memory::desc source({s.n, s.channels, s.h, s.w}, type_, Tag::nhwc),
        target({s.n, s.channels, s.out_h, s.out_w}, type_, Tag::nhwc);
    const Key key = {3, s.n, s.h, s.w, s.channels, s.kernel, s.out_h, s.out_w, s.stride, s.padding, s.maximum};
    const Entry& entry = find(key, [&] {
      const auto behind = [&](int64_t in, int64_t out) { return (out - 1) * s.stride + s.kernel - in - s.padding; };
      const dnnl::pooling_forward::desc operation(
          dnnl::prop_kind::forward_inference,
          s.maximum ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding, source, target,
          {s.stride, s.stride}, {s.kernel, s.kernel}, {s.padding, s.padding},
          {behind(s.h, s.out_h), behind(s.w, s.out_w)});
      const dnnl::pooling_forward::primitive_desc pd(operation, user_scratchpad(), engine_);
      return Entry{dnnl::pooling_forward(pd), {}, pd.scratchpad_desc(), pd.impl_info_str()};
    });
    execute(entry, {{DNNL_ARG_SRC, memory(source, x)}, {DNNL_ARG_DST, memory(target, y)}});
  });
}

void DnnlOps::linear(int64_t rows, int64_t in, int64_t out, const void* x, const Tensor& w, const float* bias, void* y,
                     After after) {
  const ThreadScope scope(threads_);
  translate_errors("linear", [&] {
    const memory::desc source({rows, in}, type_, Tag::ab), target({rows, out}, type_, Tag::ab);
    const memory::desc bias_layout = bias ? memory::desc({1, out}, Type::f32, Tag::ab) : memory::desc();
    const Entry& entry = find({1, rows, in, out, bias != nullptr, int64_t(after)}, [&] {
      // Before AVX-512, oneDNN keeps weights as rows of `out` values and packs them at each call. That is slow if rows
      // are whole pages apart.
      const bool pages = type_ == Type::f32 && out % 1024 == 0 && !has_isa(dnnl::cpu_isa::avx512_core);
      const memory::desc layout({in, out}, type_, pages ? Tag::ba : Tag::any);
      const auto operation =
          bias ? dnnl::matmul::desc(source, layout, bias_layout, target) : dnnl::matmul::desc(source, layout, target);
      dnnl::primitive_attr attributes = user_scratchpad();
      dnnl::post_ops then;
      if (after == After::gelu_tanh) then.append_eltwise(1, dnnl::algorithm::eltwise_gelu_tanh, 0, 0);
      if (after == After::add) then.append_sum();
      attributes.set_post_ops(then);
      const dnnl::matmul::primitive_desc pd(operation, attributes, engine_);
      return Entry{dnnl::matmul(pd), pd.weights_desc(), pd.scratchpad_desc(), pd.impl_info_str()};
    });
    const Packed& packed = pack(w, memory::desc({in, out}, dnnl_type(w.dtype()), Tag::ba), entry.weights);
    std::unordered_map<int, dnnl::memory> arguments = {{DNNL_ARG_SRC, memory(source, x)},
                                                       {DNNL_ARG_WEIGHTS, memory(packed.layout, packed.buffer->data())},
                                                       {DNNL_ARG_DST, memory(target, y)}};
    if (bias) arguments.insert({DNNL_ARG_BIAS, memory(bias_layout, bias)});
    execute(entry, std::move(arguments));
  });
}

// Columns of zeros fill the last block.
void DnnlOps::padded_matmul(const MatMul& s, const void* a, const void* b, void* y) {
  MatMul padded = s;
  padded.n = (s.n + kAmxBlock - 1) / kAmxBlock * kAmxBlock;
  const size_t from_size = kernels::element_size(DType::bf16), to_size = kernels::element_size(s.to);
  const auto right = pool_->allocate(size_t(s.batch * s.k * padded.n) * from_size);
  const auto result = pool_->allocate(size_t(s.batch * s.m * padded.n) * to_size);
  std::memset(right->data(), 0, right->size());
  // The right-hand side's rows: of n columns, or all n rows of k at once where it is transposed.
  const int64_t rows = s.transpose_b ? s.batch : s.batch * s.k, row = s.transpose_b ? s.k : 1;
  copy_rows(b, size_t(s.n * row) * from_size, right->data(), size_t(padded.n * row) * from_size, rows,
            size_t(s.n * row) * from_size);
  matmul(padded, a, right->data(), result->data());
  copy_rows(result->data(), size_t(padded.n) * to_size, y, size_t(s.n) * to_size, s.batch * s.m, size_t(s.n) * to_size);
}

void DnnlOps::matmul(const MatMul& s, const void* a, const void* b, void* y) {
  if (type_ == Type::bf16 && s.n % kAmxBlock > kAmxRightTail && has_isa(dnnl::cpu_isa::avx512_core_amx))
    return padded_matmul(s, a, b, y);
  const ThreadScope scope(threads_);
  translate_errors("matmul", [&] {
    const memory::desc left({s.batch, s.m, s.k}, type_, Tag::abc),
        target({s.batch, s.m, s.n}, dnnl_type(s.to), Tag::abc);
    const memory::desc right({s.batch, s.k, s.n}, type_, s.transpose_b ? Tag::acb : Tag::abc);
    const Entry& entry = find({2, s.batch, s.m, s.k, s.n, s.transpose_b, s.to == DType::f32}, [&] {
      const dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(left, right, target), user_scratchpad(), engine_);
      return Entry{dnnl::matmul(pd), right, pd.scratchpad_desc(), pd.impl_info_str()};
    });
    execute(entry,
            {{DNNL_ARG_SRC, memory(left, a)}, {DNNL_ARG_WEIGHTS, memory(right, b)}, {DNNL_ARG_DST, memory(target, y)}});
  });
}

}  // namespace daclip
