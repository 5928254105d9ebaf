// The kinds of damage by name, in the order and spelling of the published controller, then "clean". A new kind goes
// before "clean", and into the table of degrade/degrade.cpp.
#pragma once

#include <array>
#include <string_view>

namespace daclip {

inline constexpr std::array<std::string_view, 11> kLabels = {
    "motion-blurry", "hazy",     "jpeg-compressed", "low-light",   "noisy", "raindrop",
    "rainy",         "shadowed", "snowy",           "uncompleted", "clean"};

// Labels with a meaning of their own: nothing to repair, and holes to be painted.
inline constexpr std::string_view kCleanLabel = "clean", kHolesLabel = "uncompleted";

// Index of a label in kLabels, -1 if unknown.
constexpr int label_index(std::string_view name) {
  for (int i = 0; i < int(kLabels.size()); ++i)
    if (kLabels[size_t(i)] == name) return i;
  return -1;
}

inline constexpr int kClean = label_index(kCleanLabel);
inline constexpr int kDegradationCount = int(kLabels.size()) - 1;  // the labels before "clean"
static_assert(kClean == kDegradationCount);

}  // namespace daclip
