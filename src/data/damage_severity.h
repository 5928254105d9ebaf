// How severe each kind of damage in a training sample is.
#pragma once

#include <array>

#include "core/labels.h"
#include "image/float_image.h"

namespace daclip {

// One value per kind of damage: 0 where it is absent, otherwise 0 to 1, or kUnknownSeverity.
using DamageSeverity = std::array<float, size_t(kDegradationCount)>;

// Of a kind that a real photo shows, when the photo without it is not known.
inline constexpr float kUnknownSeverity = -1;
// Of a kind that a real photo may show or not.
inline constexpr float kUnknownPresence = -2;

// By how far the damage moved the photo: 0 at a PSNR of 40 dB, which nobody sees, 1 at 10 dB, linear between. At least
// kLeastSeverity. The images have the same size.
float severity_between(const FloatImage& before, const FloatImage& after);

inline constexpr float kLeastSeverity = 0.02f;  // marks a kind as present

}  // namespace daclip
