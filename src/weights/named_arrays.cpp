#include "weights/named_arrays.h"

#include <cstring>

#include "core/checked.h"
#include "core/error.h"
#include "weights/half.h"

namespace daclip {
namespace {

template <class Stored>
Stored load(const uint8_t* bytes, size_t index) {
  Stored value;
  // memcpy, because data in mapped files may be unaligned
  std::memcpy(&value, bytes + index * sizeof(Stored), sizeof(Stored));
  return value;
}

template <class Result, class Stored, class Convert>
std::vector<Result> convert_all(const NamedArray& array, Convert convert) {
  const size_t count = size_t(array.numel());
  if (array.bytes.size() != count * sizeof(Stored))
    throw FormatError(
        cat("array of ", count, " elements holds ", array.bytes.size(), " bytes instead of ", count * sizeof(Stored)));
  std::vector<Result> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = Result(convert(load<Stored>(array.bytes.data(), i)));
  return values;
}

template <class Result>
std::vector<Result> to_floating(const NamedArray& array) {
  const auto same = [](auto value) { return value; };
  switch (array.type) {
    // Lambdas, since a function's address would be called for each value.
    case ArrayType::f16: return convert_all<Result, uint16_t>(array, [](uint16_t v) { return f16_to_float(v); });
    case ArrayType::bf16: return convert_all<Result, uint16_t>(array, [](uint16_t v) { return bf16_to_float(v); });
    case ArrayType::f32: return convert_all<Result, float>(array, same);
    case ArrayType::f64: return convert_all<Result, double>(array, same);
    case ArrayType::i32: return convert_all<Result, int32_t>(array, same);
    case ArrayType::i64: return convert_all<Result, int64_t>(array, same);
    case ArrayType::u8: return convert_all<Result, uint8_t>(array, same);
  }
  throw FormatError("array of an unknown element type");
}

}  // namespace

size_t element_size(ArrayType type) {
  switch (type) {
    case ArrayType::u8: return 1;
    case ArrayType::f16:
    case ArrayType::bf16: return 2;
    case ArrayType::f32:
    case ArrayType::i32: return 4;
    case ArrayType::f64:
    case ArrayType::i64: return 8;
  }
  throw FormatError("array of an unknown element type");
}

uint64_t NamedArray::numel() const { return checked_numel(shape, "array"); }

std::vector<float> NamedArray::to_floats() const { return to_floating<float>(*this); }

std::vector<double> NamedArray::to_doubles() const { return to_floating<double>(*this); }

std::vector<int64_t> NamedArray::to_ints() const {
  const auto same = [](auto value) { return value; };
  switch (type) {
    case ArrayType::i32: return convert_all<int64_t, int32_t>(*this, same);
    case ArrayType::i64: return convert_all<int64_t, int64_t>(*this, same);
    case ArrayType::u8: return convert_all<int64_t, uint8_t>(*this, same);
    default: throw FormatError("expected integers, found an array of floating-point numbers");
  }
}

const NamedArray& NamedArrays::at(std::string_view name) const {
  const auto it = arrays.find(name);
  if (it == arrays.end())
    throw WeightsError(cat("missing tensor ", name, "; the file has ", arrays.size(), " tensors"));
  return it->second;
}

NamedArray make_array(std::span<const float> values, std::vector<int64_t> shape, ArrayType type) {
  NamedArray array;
  array.type = type;
  array.shape = std::move(shape);
  if (array.numel() != values.size())
    throw ShapeError(cat("make_array: the shape has ", array.numel(), " elements, the data ", values.size()));
  auto buffer = std::make_shared<std::vector<uint8_t>>(values.size() * element_size(type));
  if (type == ArrayType::f32) {
    if (!values.empty()) std::memcpy(buffer->data(), values.data(), buffer->size());
  } else if (type == ArrayType::f16 || type == ArrayType::bf16) {
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = type == ArrayType::f16 ? float_to_f16(values[i]) : float_to_bf16(values[i]);
      std::memcpy(buffer->data() + 2 * i, &half, 2);
    }
  } else {
    throw UsageError("make_array: expected element type f32, f16 or bf16");
  }
  array.bytes = *buffer;
  array.owner = std::move(buffer);
  return array;
}

}  // namespace daclip
