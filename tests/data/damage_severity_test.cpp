#include "data/damage_severity.h"

#include <gtest/gtest.h>

namespace daclip {
namespace {

TEST(DamageSeverity, grows_with_the_distance_from_40_to_10_dB) {
  const auto severity_of = [](float difference) {
    FloatImage before(8, 8, 3), after(8, 8, 3);
    for (float& v : after.data) v = difference;
    return severity_between(before, after);
  };
  EXPECT_EQ(severity_of(0), kLeastSeverity);
  EXPECT_EQ(severity_of(0.01f), kLeastSeverity);    // 40 dB
  EXPECT_NEAR(severity_of(0.0562341f), 0.5, 1e-3);  // 25 dB
  EXPECT_NEAR(severity_of(0.3162278f), 1, 1e-3);    // 10 dB
  EXPECT_EQ(severity_of(1), 1);
}

}  // namespace
}  // namespace daclip
