// parse_indexed_floats on arbitrary bytes, with the index before the first zero byte and the floats after it: either
// every element of the arrays can be read, or a daclip::Error is thrown.
#include "fuzz.h"

#include <algorithm>
#include <string>

#include "core/error.h"
#include "weights/indexed_floats.h"

using namespace daclip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const uint8_t *end = data + size, *zero = std::find(data, end, uint8_t(0));
  const std::string index(data, zero);
  try {
    const SharedBytes floats = share(std::vector<uint8_t>(zero == end ? end : zero + 1, end));
    for (const auto& [name, array] : parse_indexed_floats(index, floats, "input").arrays)
      if (array.to_floats().size() != array.numel()) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  std::vector<std::vector<uint8_t>> seeds;
  for (const std::string index : {"a 2x2 0 4\n", "# name shape\r\nconv1.weight 1x2x1x2 1 4\r\nconv1.bias 1 0 1\r\n"}) {
    std::vector<uint8_t> bytes(index.begin(), index.end());
    bytes.resize(bytes.size() + 1 + 5 * sizeof(float));
    seeds.push_back(std::move(bytes));
  }
  return seeds;
}
