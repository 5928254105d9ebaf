// Runs a fuzz target without libFuzzer, on the given files or on seeded mutations of the target's seeds:
//   X_fuzz FILE...            X_fuzz --mutations N [--seed S]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "fuzz.h"

namespace {

using Bytes = std::vector<uint8_t>;

void mutate_once(Bytes& bytes, std::span<const Bytes> seeds, daclip::Random& random) {
  if (bytes.empty()) {
    bytes.push_back(uint8_t(random.below(256)));
    return;
  }
  const size_t at = size_t(random.below(int64_t(bytes.size())));
  const size_t length = 1 + size_t(random.below(int64_t(std::min<size_t>(bytes.size() - at, 16))));
  static constexpr uint8_t kExtreme[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff};
  switch (random.below(8)) {
    case 0: bytes[at] ^= uint8_t(1u << random.below(8)); break;
    case 1: bytes[at] = uint8_t(random.below(256)); break;
    case 2: bytes[at] = kExtreme[random.below(int64_t(std::size(kExtreme)))]; break;
    case 3:  // sets an aligned word to an extreme value, as a length, count or offset
      for (size_t i = at; i < std::min(at + 4, bytes.size()); ++i)
        bytes[i] = kExtreme[random.below(int64_t(std::size(kExtreme)))];
      break;
    case 4: bytes.erase(bytes.begin() + long(at), bytes.begin() + long(at + length)); break;
    case 5: bytes.insert(bytes.begin() + long(at), length, uint8_t(random.below(256))); break;
    case 6: bytes.resize(at); break;
    default: {  // inserts part of another seed
      const Bytes& other = seeds[size_t(random.below(int64_t(seeds.size())))];
      if (other.empty()) break;
      const size_t from = size_t(random.below(int64_t(other.size())));
      const size_t n = std::min({other.size() - from, bytes.size() - at, length});
      std::copy_n(other.begin() + long(from), n, bytes.begin() + long(at));
    }
  }
}

void run(const Bytes& bytes, const char* what) {
  try {
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: unexpected exception: %s\n", what, error.what());
    std::abort();
  }
}

}  // namespace

int main(int argc, char** argv) {
  long mutations = 0, seed = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--mutations" && i + 1 < argc)
      mutations = std::atol(argv[++i]);
    else if (argument == "--seed" && i + 1 < argc)
      seed = std::atol(argv[++i]);
    else
      run(daclip::read_file(argv[i]), argv[i]);
  }
  const std::vector<Bytes> seeds = fuzz_seeds();
  for (const Bytes& bytes : seeds) run(bytes, "seed");
  for (long n = 0; n < mutations && !seeds.empty(); ++n) {
    daclip::Random random(daclip::mix_seed(uint64_t(seed), uint64_t(n)));
    Bytes bytes = seeds[size_t(random.below(int64_t(seeds.size())))];
    for (int64_t k = 1 + random.below(6); k > 0; --k) mutate_once(bytes, seeds, random);
    const std::string what = daclip::cat("mutation ", n, " of --seed ", seed);
    run(bytes, what.c_str());
  }
  std::printf("%zu seeds and %ld mutations passed\n", seeds.size(), mutations);
}
