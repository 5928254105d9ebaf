// parse_safetensors on any bytes: arrays that can be read to their last element, or a daclip::Error.
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
  const std::string headers[] = {
      R"({})",
      R"({"__metadata__":{"daclip":"{\"name\":\"x\"}","format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}})",
      R"({"a":{"dtype":"F16","shape":[],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[14],"data_offsets":[2,16]}})",
      R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"F64","shape":[1,1],"data_offsets":[8,16]}})",
      R"({"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]},"b":{"dtype":"I32","shape":[2],"data_offsets":[8,16]},"e":{"dtype":"F32","shape":[0,7],"data_offsets":[16,16]}})"};
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
