// parse_pack on arbitrary bytes: either photos of the size that they declare, or a daclip::Error.
#include "fuzz.h"

#include <cstring>
#include <string>

#include "core/error.h"
#include "data/lossless.h"
#include "data/pack.h"

using namespace daclip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    for (const PackPhoto& photo : parse_pack({data, size}, "input"))
      if (photo.gt.size() != size_t(photo.width) * size_t(photo.height) * 3) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 6 * 4 * 3; ++i) pixels.push_back(uint8_t(i * i));
  const std::vector<uint8_t> picture = encode_lossless(pixels, 6, 4);
  const std::string place = cat("[24,", picture.size(), "]");
  const std::string indices[] = {
      "[]", cat(R"([{"name":"a","kind":"clean","width":6,"height":4,"captions":["x y"],"gt":)", place, "}]"),
      cat(R"([{"name":"b","kind":"hazy","width":6,"height":4,"gt":)", place, R"(,"lq":)", place, "}]")};
  std::vector<std::vector<uint8_t>> seeds;
  for (const std::string& index : indices) {
    std::vector<uint8_t> bytes(24);
    const uint64_t offset = 24 + picture.size(), length = index.size();
    std::memcpy(bytes.data(), "DACLIPK1", 8);
    std::memcpy(bytes.data() + 8, &offset, 8);
    std::memcpy(bytes.data() + 16, &length, 8);
    bytes.insert(bytes.end(), picture.begin(), picture.end());
    bytes.insert(bytes.end(), index.begin(), index.end());
    seeds.push_back(std::move(bytes));
  }
  return seeds;
}
