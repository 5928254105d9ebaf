// Checksums for fixed seeds detect any change of a random stream or a model. After an intended change, take the new
// values from the failing test.
#include <gtest/gtest.h>

#include <array>

#include "core/labels.h"
#include "degrade/degrade.h"
#include "pictures.h"

namespace daclip {
namespace {

// FNV-1a hash of the rounded levels.
uint64_t checksum(const FloatImage& image) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (float v : image.data) hash = (hash ^ uint64_t(v * 255.f + 0.5f)) * 0x100000001b3ULL;
  return hash;
}

struct Expected {
  uint64_t paper, training;
};

constexpr std::array<Expected, kDegradationCount> kExpected = {{
    {0x79c06e2d6600124a, 0xb8d3fa7b22c3c819},  // motion-blurry
    {0x37bbbe16d45d304, 0xb2c8c62bfa41ae74},   // hazy
    {0x3f8ef39d3864b10, 0x784850e3e906b3db},   // jpeg-compressed
    {0x99aa3a8d1d1d6d2, 0xcdb63577b9cef260},   // low-light
    {0x9306e32245ce8346, 0x51b40a63b982a56f},  // noisy
    {0x9c12572498451571, 0xcf867d38fbe3b5be},  // raindrop
    {0xa4aa7797037262d1, 0xc19cdc4b9b3649a8},  // rainy
    {0x9c7e745125047b48, 0xce9f7f0f6038b45c},  // shadowed
    {0xcea4d026c0e27226, 0xbe171c052726b90f},  // snowy
    {0x6404592c9a8cec3e, 0x7fdf519715ec7e45},  // uncompleted
}};

uint64_t of_kind(size_t kind, Severity severity) {
  return checksum(degrade(ramps(61, 43), parse_degrade_spec(kLabels[kind]), 7, severity));
}

// Published tables rest on these.
TEST(DegradeChecksum, of_the_papers_severity_is_what_it_was) {
  for (size_t i = 0; i < kExpected.size(); ++i)
    EXPECT_EQ(of_kind(i, Severity::paper), kExpected[i].paper) << kLabels[i];
}

TEST(DegradeChecksum, of_training_is_what_it_was) {
  for (size_t i = 0; i < kExpected.size(); ++i)
    EXPECT_EQ(of_kind(i, Severity::training), kExpected[i].training)
        << kLabels[i] << " gives 0x" << std::hex << of_kind(i, Severity::training);
}

}  // namespace
}  // namespace daclip
