// How far the work is: a bar with the time left on a terminal, plain lines elsewhere. All of it on standard error.
#pragma once

#include <functional>
#include <string>

#include "core/clock.h"

namespace daclip::app {

class ProgressBar {
 public:
  explicit ProgressBar(size_t items);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // The bar moves to `done` finished items plus this share of the one called `name`.
  void show(size_t done, double share, const std::string& name);
  // A line that stays, above the bar.
  void line(const std::string& text);

 private:
  void clear();

  size_t items_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
};

// Shows `done` of `total` under one name, until it and its copies are gone.
std::function<void(size_t done, size_t total)> counting(std::string name);

// "0:07", "1:02:30".
std::string clock_text(double seconds);

}  // namespace daclip::app
