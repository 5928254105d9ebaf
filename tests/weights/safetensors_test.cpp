#include "weights/safetensors.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"

namespace daclip {
namespace {

namespace fs = std::filesystem;

std::vector<uint8_t> file_of(const std::string& header, size_t data_size) {
  std::vector<uint8_t> bytes(8 + header.size() + data_size);
  const uint64_t size = header.size();
  std::memcpy(bytes.data(), &size, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  for (size_t i = 0; i < data_size; ++i) bytes[8 + header.size() + i] = uint8_t(i);
  return bytes;
}

NamedArrays parse(const std::string& header, size_t data_size) {
  return parse_safetensors(file_of(header, data_size), "test");
}

// The message must be one line that begins with the file's name and contains `words`.
void expect_refused(const std::vector<uint8_t>& bytes, const std::string& words) {
  try {
    parse_safetensors(bytes, "hostile.safetensors");
    FAIL() << "accepted; expected: " << words;
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find(words), std::string::npos) << message;
    EXPECT_NE(message.find("hostile.safetensors"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_LT(message.size(), 400u);
  }
}

void expect_refused(const std::string& header, size_t data_size, const std::string& words) {
  expect_refused(file_of(header, data_size), words);
}

std::string entry(const std::string& name, const std::string& type, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

fs::path temporary(const std::string& name) {
  const fs::path folder = fs::temp_directory_path() / ("daclip_weights_test_" + std::to_string(getpid()));
  fs::create_directories(folder);
  return folder / name;
}

TEST(Safetensors, reads_what_it_wrote) {
  NamedArrays arrays;
  arrays.metadata = R"({"name": "ü", "quote": "\""})";
  arrays.arrays["b"] = make_array(std::vector<float>{1, -2, 3.25f}, {3});
  arrays.arrays["a"] = make_array(std::vector<float>{0.5f, 7}, {1, 2}, ArrayType::f16);
  arrays.arrays["scalar"] = make_array(std::vector<float>{4}, {});
  arrays.arrays["empty"] = make_array({}, {0, 5});
  const fs::path path = temporary("round.safetensors");
  write_safetensors(path, arrays);
  const NamedArrays back = read_safetensors(path);
  EXPECT_EQ(back.metadata, arrays.metadata);
  ASSERT_EQ(back.arrays.size(), 4u);
  for (const auto& [name, array] : arrays.arrays) {
    EXPECT_EQ(back.at(name).shape, array.shape);
    EXPECT_EQ(back.at(name).type, array.type);
    EXPECT_EQ(back.at(name).to_floats(), array.to_floats());
  }
  fs::remove_all(path.parent_path());
}

TEST(Safetensors, data_begins_at_a_multiple_of_64_bytes) {
  NamedArrays arrays;
  arrays.arrays["x"] = make_array(std::vector<float>{1}, {1});
  const fs::path path = temporary("aligned.safetensors");
  write_safetensors(path, arrays);
  EXPECT_EQ((fs::file_size(path) - 4) % 64, 0u);
  fs::remove_all(path.parent_path());
}

TEST(Safetensors, the_mapping_outlives_the_map_of_names) {
  NamedArrays arrays;
  arrays.arrays["x"] = make_array(std::vector<float>{42}, {1});
  const fs::path path = temporary("mapped.safetensors");
  write_safetensors(path, arrays);
  const NamedArray x = read_safetensors(path).at("x");
  fs::remove_all(path.parent_path());
  EXPECT_EQ(x.to_floats(), std::vector<float>{42});
}

TEST(Safetensors, reads_integers_and_ignores_metadata_of_others) {
  const NamedArrays file = parse("{\"__metadata__\":{\"format\":\"pt\"}," + entry("i", "I32", "[1]", "[0,4]") + "," +
                                     entry("u", "U8", "[2]", "[4,6]") + "}   ",
                                 6);
  EXPECT_EQ(file.metadata, "");
  EXPECT_EQ(file.at("i").to_ints(), std::vector<int64_t>{0x03020100});
  EXPECT_EQ(file.at("u").to_ints(), (std::vector<int64_t>{4, 5}));
}

TEST(Safetensors, accepts_a_file_without_tensors) { EXPECT_TRUE(parse("{}", 0).arrays.empty()); }

TEST(Safetensors, refuses_overlapping_tensors) {
  expect_refused("{" + entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[2]", "[4,12]") + "}", 12,
                 "overlaps");
  expect_refused("{" + entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[2]", "[0,8]") + "}", 8,
                 "overlaps");
}

TEST(Safetensors, refuses_gaps_and_bytes_behind_the_last_tensor) {
  expect_refused("{" + entry("a", "F32", "[1]", "[4,8]") + "}", 8, "gap of 4 bytes");
  expect_refused("{" + entry("a", "F32", "[1]", "[0,4]") + "}", 9, "5 unused bytes after");
}

TEST(Safetensors, refuses_offsets_outside_the_data) {
  expect_refused("{" + entry("a", "F32", "[2]", "[0,8]") + "}", 4, "exceed the");
  expect_refused("{" + entry("a", "F32", "[1]", "[8,4]") + "}", 8, "exceed the");
  expect_refused("{" + entry("a", "F32", "[1]", "[-4,0]") + "}", 8, "whole number");
  expect_refused("{" + entry("a", "F32", "[1]", "[0,4,8]") + "}", 8, "data_offsets");
}

TEST(Safetensors, refuses_shapes_that_disagree_with_the_bytes) {
  expect_refused("{" + entry("a", "F32", "[3]", "[0,8]") + "}", 8, "shape needs 12 bytes");
  expect_refused("{" + entry("a", "F16", "[3]", "[0,8]") + "}", 8, "shape needs 6 bytes");
}

TEST(Safetensors, refuses_shapes_whose_size_overflows) {
  expect_refused("{" + entry("a", "F32", "[4294967296,4294967296,4]", "[0,0]") + "}", 0, "overflows");
  expect_refused("{" + entry("a", "F32", "[4611686018427387904]", "[0,0]") + "}", 0, "overflows");
  expect_refused("{" + entry("a", "F32", "[18446744073709551615]", "[0,0]") + "}", 0, "too large");
  expect_refused("{" + entry("a", "F32", "[99999999999999999999]", "[0,0]") + "}", 0, "whole number");
  expect_refused("{" + entry("a", "F32", "[-1]", "[0,4]") + "}", 4, "whole number");
  expect_refused("{" + entry("a", "F32", "[1.5]", "[0,4]") + "}", 4, "whole number");
  std::string many = "[1";
  for (int i = 0; i < 99; ++i) many += ",1";
  expect_refused("{" + entry("a", "F32", many + "]", "[0,4]") + "}", 4, "dimensions");
}

TEST(Safetensors, refuses_unknown_types) {
  expect_refused("{" + entry("a", "F8_E4M3", "[4]", "[0,4]") + "}", 4, "dtype");
  expect_refused("{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype");
  expect_refused("{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype");
  expect_refused("{\"a\":[]}", 0, "dtype");
}

TEST(Safetensors, refuses_a_name_that_comes_twice) {
  expect_refused("{" + entry("a", "F32", "[1]", "[0,4]") + "," + entry("a", "F32", "[1]", "[0,4]") + "}", 4,
                 "duplicate");
}

TEST(Safetensors, refuses_headers_that_are_too_long_truncated_or_no_json) {
  expect_refused({1, 2, 3}, "too short");
  expect_refused({}, "too short");
  std::vector<uint8_t> bytes = file_of("{}", 0);
  bytes[7] = 0xff;
  expect_refused(bytes, "not a safetensors file");
  bytes = file_of("{}", 0);
  bytes[0] = 3;
  expect_refused(bytes, "in a file of 10");
  expect_refused("[]", 0, "not a JSON object");
  expect_refused("{\"a\":", 0, "not a JSON object");
  expect_refused("PK\x03\x04 a zip file, not a model", 0, "not a JSON object");
}

TEST(Safetensors, refuses_deep_nesting_without_running_out_of_stack) {
  expect_refused("{\"a\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}", 0, "nested deeper");
  expect_refused(std::string(1'000'000, '['), 0, "safetensors header");
}

TEST(Safetensors, a_file_that_cannot_be_read_is_an_io_error) {
  EXPECT_THROW(read_safetensors("/nowhere/model.safetensors"), IoError);
  EXPECT_THROW(read_safetensors(fs::temp_directory_path()), IoError);
  const fs::path path = temporary("empty.safetensors");
  write_file_atomically(path, {});
  EXPECT_THROW(read_safetensors(path), FormatError);
  fs::remove_all(path.parent_path());
}

}  // namespace
}  // namespace daclip
