// Means with 95 % confidence intervals by bootstrap resampling.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace daclip {

struct Estimate {
  // of the finite values; infinite if all are; NaN if there are none
  double mean = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();  // ends of the interval; NaN for fewer than two finite values
  double high = std::numeric_limits<double>::quiet_NaN();
  int count = 0;     // number of finite values, or of averaged sets
  int infinite = 0;  // infinite values, excluded from the mean: PSNR of pictures equal to the truth

  bool has_interval() const { return low <= high; }
};

inline constexpr int kResamples = 2000;

// The mean, and the 2.5 % and 97.5 % percentiles of the means of `kResamples` resamples. Equal seeds and counts give
// equal resamples, so that methods are compared on the same ones. NaN values are ignored.
Estimate bootstrap_mean(std::span<const double> values, uint64_t seed);

// The mean of the sets' means, with each set resampled separately: all sets have the same weight whatever their size,
// as in the paper's averages. A set of one value has the same mean in every resample. Sets without finite values are
// ignored.
Estimate bootstrap_average(std::span<const std::vector<double>> sets, uint64_t seed);

}  // namespace daclip
