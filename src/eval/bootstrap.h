// Means with 95 % intervals from resampling.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace daclip {

struct Estimate {
  double mean = std::numeric_limits<double>::quiet_NaN();  // of the finite values; infinite where all are; NaN: none
  double low = std::numeric_limits<double>::quiet_NaN();   // ends of the interval; NaN below two finite values
  double high = std::numeric_limits<double>::quiet_NaN();
  int count = 0;     // finite values, or sets that an average is over
  int infinite = 0;  // left out of the mean: PSNR of pictures equal to the truth

  bool has_interval() const { return low <= high; }
};

inline constexpr int kResamples = 2000;

// The mean and the 2.5 % and 97.5 % percentiles of the means of `kResamples` resamples. Equal seeds and counts draw
// equal resamples, so that methods are compared on the same ones. NaN counts as no value.
Estimate bootstrap_mean(std::span<const double> values, uint64_t seed);

// The mean of the sets' means, each set resampled by itself: sets weigh the same whatever their sizes, as in the
// paper's averages. A set of one value has the same mean in every resample. Sets without a finite value are left out.
Estimate bootstrap_average(std::span<const std::vector<double>> sets, uint64_t seed);

}  // namespace daclip
