// Names of the degradations, in the order and spelling of the published controller, followed by "clean".
#pragma once

#include <array>
#include <string_view>

namespace daclip {

inline constexpr std::array<std::string_view, 11> kLabels = {
    "motion-blurry", "hazy",     "jpeg-compressed", "low-light",   "noisy", "raindrop",
    "rainy",         "shadowed", "snowy",           "uncompleted", "clean"};

inline constexpr int kDegradationCount = 10;  // the first ten of kLabels
inline constexpr int kClean = 10;

// Index of a label in kLabels, -1 if unknown.
constexpr int label_index(std::string_view name) {
  for (int i = 0; i < int(kLabels.size()); ++i)
    if (kLabels[i] == name) return i;
  return -1;
}

}  // namespace daclip
