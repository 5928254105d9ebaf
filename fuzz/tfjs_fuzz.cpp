// parse_tfjs on an arbitrary model.json, whose shards all have the same 24 bytes: either every array is complete, or a
// daclip::Error is thrown.
#include "fuzz.h"

#include "core/error.h"
#include "weights/tfjs.h"
#include "weights/tfjs_writer.h"

using namespace daclip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const ShardReader shard = [](const std::string&) { return share(std::vector<uint8_t>(24, 0x3f)); };
    const StateDict dict = parse_tfjs({data, data + size}, shard, "input");
    for (const auto& [name, array] : dict.arrays.arrays)
      if (array.to_doubles().size() != array.numel()) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  test::TfjsWriter layers, up;
  layers.convolution("net/a", {1, 1, 2, 1}, {1, 2});
  layers.bias("net/a", {3});
  layers.dense("net/b", {1, 2}, {4, 5});
  layers.gain("net/norm", {6});
  up.transposed_convolution("net/up", {2, 2, 1, 1}, {1, 2, 3, 4});
  up.other("BroadcastTo", {2}, {5, 6});
  std::vector<std::vector<uint8_t>> seeds;
  for (const std::string& text : {layers.model(R"("shard1")"), up.model(R"("shard1")"), layers.model()})
    seeds.emplace_back(text.begin(), text.end());
  return seeds;
}
