// What a fuzz target defines. clang links it with libFuzzer; other compilers with replay_main.cpp, which needs the seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Feeds the bytes to one parser. daclip::Error is an expected answer; everything else is a finding. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// Small well-formed inputs from which mutations start.
std::vector<std::vector<uint8_t>> fuzz_seeds();
