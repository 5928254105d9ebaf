// parse_safetensors on arbitrary bytes: either every element of the arrays can be read, or a daclip::Error is thrown.
#include "fuzz.h"

#include <cstring>
#include <string>

#include "core/error.h"
#include "weights/safetensors.h"

using namespace daclip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const NamedArrays file = parse_safetensors({data, size}, "input");
    for (const auto& [name, array] : file.arrays)
      if (array.to_doubles().size() != array.numel()) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  const auto entry = [](const char* name, const char* type, const char* shape, const char* offsets) {
    return cat("\"", name, "\":{\"dtype\":\"", type, "\",\"shape\":", shape, ",\"data_offsets\":", offsets, "}");
  };
  const char* metadata = R"("__metadata__":{"daclip":"{\"name\":\"x\"}","format":"pt"},)";
  const std::string headers[] = {
      "{}", cat("{", metadata, entry("a", "F32", "[2,2]", "[0,16]"), "}"),
      cat("{", entry("a", "F16", "[]", "[0,2]"), ",", entry("b", "U8", "[14]", "[2,16]"), "}"),
      cat("{", entry("a", "I64", "[1]", "[0,8]"), ",", entry("b", "F64", "[1,1]", "[8,16]"), "}"),
      cat("{", entry("a", "BF16", "[4]", "[0,8]"), ",", entry("b", "I32", "[2]", "[8,16]"), ",",
          entry("e", "F32", "[0,7]", "[16,16]"), "}")};
  std::vector<std::vector<uint8_t>> seeds;
  for (const std::string& header : headers) {
    std::vector<uint8_t> bytes(8);
    const uint64_t length = header.size();
    std::memcpy(bytes.data(), &length, 8);
    bytes.insert(bytes.end(), header.begin(), header.end());
    if (header.size() > 2)
      for (int i = 0; i < 16; ++i) bytes.push_back(uint8_t(i * 16));
    seeds.push_back(std::move(bytes));
  }
  return seeds;
}
