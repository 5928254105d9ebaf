// The JSON of model files, vocabularies and results, and the TOML of lists of test sets, from arbitrary text: either
// something that survives printing and parsing, or a daclip::Error. The first byte says which.
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "core/error.h"
#include "data/test_set.h"
#include "eval/result.h"
#include "model/model_config.h"
#include "text/word_tokenizer.h"

using namespace daclip;

namespace {

void read_list(const std::string& text) {
  static const int file = ::memfd_create("list", 0);
  static const std::string path = cat("/proc/self/fd/", file);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, text.data(), text.size(), 0) != ssize_t(text.size())) return;
  read_test_sets(path, "/nonexistent");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string text(data + 1, data + size);
  try {
    if (data[0] == 'm') {
      const std::string printed = to_json(model_config_from_json(text));
      if (to_json(model_config_from_json(printed)) != printed) __builtin_trap();
    } else if (data[0] == 'w') {
      if (WordTokenizer::from_json(text, 16).tokenize(text).size() != 16) __builtin_trap();
    } else if (data[0] == 'r') {
      const std::string printed = to_json_line(result_from_json_line(text));
      if (to_json_line(result_from_json_line(printed)) != printed) __builtin_trap();
    } else {
      read_list(text);
    }
  } catch (const Error&) {
  }
  return 0;
}

std::vector<std::vector<uint8_t>> fuzz_seeds() {
  const auto seed = [](char kind, const std::string& text) {
    std::vector<uint8_t> bytes = {uint8_t(kind)};
    bytes.insert(bytes.end(), text.begin(), text.end());
    return bytes;
  };
  ModelConfig config;
  config.name = "seed";
  config.clip = ClipConfig();
  config.labels = {"noisy", "clean"};
  config.label_bias = {0.5f, -1};
  Result result;
  return {
      seed('m', to_json(config)),
      seed('w', R"(["a","photo","of","rain"])"),
      seed('r', to_json_line(result)),
      seed('t',
           "root = \"..\"\n[[set]]\nname = \"rain\"\ngt = \"good\"\nrecipe = \"hazy:beta=0.5+rainy\"\nseed = 7\n"
           "labels = [\"rainy\"]\ngroup = \"g\"\nlimit = 3\n"),
  };
}
