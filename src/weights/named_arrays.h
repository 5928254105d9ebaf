// Named arrays on the host, as model files hold them.
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
  std::shared_ptr<const void> owner;  // a file mapping or a buffer, shared between arrays

  uint64_t numel() const;
  std::vector<float> to_floats() const;  // any type, converted
  std::vector<double> to_doubles() const;
  std::vector<int64_t> to_ints() const;  // i32, i64, u8; throws FormatError for floating types
};

struct NamedArrays {
  std::map<std::string, NamedArray, std::less<>> arrays;
  std::string metadata;  // JSON text: the model's configuration; empty when there is none

  // Throws WeightsError naming the array and where it was expected.
  const NamedArray& at(std::string_view name) const;
  bool has(std::string_view name) const { return arrays.contains(name); }
};

// Builds an array that owns a copy of its data, stored as `type` (f32, f16 or bf16; round to nearest even).
NamedArray make_array(std::span<const float> values, std::vector<int64_t> shape, ArrayType type = ArrayType::f32);

}  // namespace daclip
