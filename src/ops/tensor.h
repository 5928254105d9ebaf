// A small value type: shape, element type and a shared handle to the backend's storage. Contents never change after the
// operation that made them, so copies share storage.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"

namespace daclip {

enum class DType { f32, bf16 };

inline const char* dtype_name(DType type) { return type == DType::f32 ? "float32" : "bfloat16"; }

using Shape = std::vector<int64_t>;

std::string to_string(const Shape& shape);  // "(1, 32, 32, 3)"

class Tensor {
 public:
  Tensor() = default;  // an absent tensor, such as an omitted bias: defined() is false
  Tensor(Shape shape, DType dtype, std::shared_ptr<void> storage)
      : shape_(std::move(shape)), dtype_(dtype), storage_(std::move(storage)) {}

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  int rank() const { return int(shape_.size()); }
  DType dtype() const { return dtype_; }

  // Length of dimension i; a negative i counts from the end.
  int64_t dim(int i) const { return shape_.at(size_t(i < 0 ? i + rank() : i)); }

  int64_t numel() const {
    int64_t n = 1;
    for (int64_t d : shape_) n *= d;
    return n;
  }

  // The storage of the backend that made this tensor. Only that backend may access it.
  template <class Storage>
  Storage& storage() const {
    return *static_cast<Storage*>(storage_.get());
  }

 private:
  Shape shape_;
  DType dtype_ = DType::f32;
  std::shared_ptr<void> storage_;
};

}  // namespace daclip
