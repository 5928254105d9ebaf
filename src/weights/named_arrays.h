// Named arrays in host memory, as stored in model files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace daclip {

enum class ArrayType { f16, bf16, f32, f64, i32, i64, u8 };

size_t element_size(ArrayType type);  // in bytes

struct NamedArray {
  ArrayType type = ArrayType::f32;
  std::vector<int64_t> shape;
  std::span<const uint8_t> bytes;     // little-endian, row-major; owned by `owner`
  std::shared_ptr<const void> owner;  // a file mapping or a buffer; arrays may share it

  uint64_t numel() const;
  std::vector<float> to_floats() const;  // from any element type
  std::vector<double> to_doubles() const;
  std::vector<int64_t> to_ints() const;  // from i32, i64, u8; throws FormatError for floating types
};

struct NamedArrays {
  std::map<std::string, NamedArray, std::less<>> arrays;
  std::string metadata;  // JSON text of the model's configuration; may be empty

  // Throws WeightsError naming the missing array.
  const NamedArray& at(std::string_view name) const;
  bool has(std::string_view name) const { return arrays.contains(name); }
};

// An array that owns a copy of `values`, stored as `type` (f32, f16 or bf16, rounded to nearest even). Throws
// ShapeError, UsageError.
NamedArray make_array(std::span<const float> values, std::vector<int64_t> shape, ArrayType type = ArrayType::f32);

}  // namespace daclip
