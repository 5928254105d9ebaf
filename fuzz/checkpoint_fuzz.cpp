// parse_state_dict on arbitrary bytes: either every element of the arrays can be read, or a daclip::Error is thrown.
#include "fuzz.h"

#include "core/error.h"
#include "weights/state_dict.h"
#include "weights/torch_writer.h"

using namespace daclip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const StateDict dict = parse_state_dict(share({data, data + size}), "input");
    for (const auto& [name, array] : dict.arrays.arrays)
      if (array.to_doubles().size() != array.numel()) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  namespace p = test::pickled;
  using test::zip;
  const std::vector<std::string> storages = {test::floats({1, 2, 3, 4, 5, 6}), test::floats({7, 8})};
  const auto weights = [](bool legacy) {
    const std::string six = p::storage("FloatStorage", "0", 6, legacy),
                      two = p::storage("FloatStorage", "1", 2, legacy);
    return p::ordered_dict({{"module.a", p::tensor(six, 0, {2, 3}, {3, 1})},
                            {"module.b", p::parameter(p::tensor(six, 1, {2, 2}, {1, 2}))},
                            {"module.c", p::tensor(two, 0, {2}, {1})}});
  };
  const auto nested = [&](bool legacy) {
    return p::dict({{"epoch", "K\x01"}, {"optimizer", "}"}, {"state_dict", weights(legacy)}});
  };
  const std::string half = p::tensor(p::storage("HalfStorage", "0", 12), 0, {12}, {1});
  const std::string block = p::module("Block", {{"weight", half}, {"training", "\x88"}});
  const std::string model = p::module("Model", {{"block", block}, {"again", block}, {"size", "K\x07"}});
  return {
      test::torch_zip(weights(false), storages),
      test::torch_zip(nested(false), storages),
      test::torch_legacy(nested(true), storages),
      zip({{"m/data.pkl", p::whole(weights(false))}, {"m/data/0", storages[0]}, {"m/data/1", storages[1]}}, true),
      zip({{"m/data.pkl", p::whole(model)}, {"m/constants.pkl", ""}, {"m/data/0", storages[0]}}),
      zip({{"m/byteorder", "big"}, {"m/data.pkl", p::whole(p::dict({{"x", half}}))}, {"m/data/0", storages[0]}}),
  };
}
