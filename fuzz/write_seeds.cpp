// Gives libFuzzer a target's seeds: they are written to the folder that the environment's FUZZ_SEEDS names.
#include <cstdlib>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("FUZZ_SEEDS");
  if (!folder) return 0;
  size_t number = 0;
  for (const std::vector<uint8_t>& seed : fuzz_seeds())
    daclip::write_file_atomically(std::filesystem::path(folder) / daclip::cat("seed-", number++), seed);
  return 0;
}
