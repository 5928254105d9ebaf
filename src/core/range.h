// A range of numbers that a configuration may hold, and how messages name it.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"

namespace daclip {

struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open_low = false, open_high = false;  // whether the limit itself lies outside

  bool contains(double value) const {
    return !std::isnan(value) && (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high);
  }
};

constexpr Range at_least(double low) { return {.low = low}; }
constexpr Range above(double low) { return {.low = low, .open_low = true}; }
constexpr Range between(double low, double high) { return {.low = low, .high = high}; }
constexpr Range inside(double low, double high) {
  return {.low = low, .high = high, .open_low = true, .open_high = true};
}

// "1 to 4096", "above 0", "above 0 and at most 255".
inline std::string range_text(const Range& range) {
  const bool low = std::isfinite(range.low), high = std::isfinite(range.high);
  if (!low && !high) return "a number";
  if (low && high && !range.open_low && !range.open_high) return cat(range.low, " to ", range.high);
  std::string text;
  if (low) text = cat(range.open_low ? "above " : "at least ", range.low);
  if (low && high) text += " and ";
  if (high) text += cat(range.open_high ? "below " : "at most ", range.high);
  return text;
}

}  // namespace daclip
