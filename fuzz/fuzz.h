// The functions that a fuzz target defines. Clang links it with libFuzzer; other compilers use replay_main.cpp, which
// needs the seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Passes the bytes to one parser and returns 0. daclip::Error is an expected outcome; any other exception is a bug.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Small well-formed inputs, the starting points of mutations.
std::vector<std::vector<uint8_t>> fuzz_seeds();
