#include "pipeline/tile_statistics.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"

namespace daclip {

TileStatistics::TileStatistics(Backend& backend, std::vector<Part> in_overview, std::vector<Part> in_samples)
    : backend_(backend), in_overview_(std::move(in_overview)), in_samples_(std::move(in_samples)) {
  if (in_overview_.empty() || in_overview_.size() != in_samples_.size())
    throw UsageError(cat("tile statistics: ", in_overview_.size(), " samples in the overview, ", in_samples_.size(),
                         " beside it, expected as many of each and at least one"));
}

Pooling TileStatistics::of_overview() {
  means_.clear();
  return [this](const Tensor& x) {
    const Tensor whole = backend_.global_mean(x);
    means_.push_back(backend_.add(whole, backend_.scale(mean_over(x, in_overview_), -1)));
    return whole;
  };
}

Pooling TileStatistics::of_samples() {
  return [this, block = size_t(0)](const Tensor& x) mutable {
    Tensor& mean = means_.at(block++);
    return mean = backend_.add(mean, mean_over(x, in_samples_));
  };
}

Pooling TileStatistics::of_tile() const {
  return [this, block = size_t(0)](const Tensor&) mutable { return means_.at(block++); };
}

Tensor TileStatistics::mean_over(const Tensor& x, const std::vector<Part>& parts) const {
  const auto cut = [&](const Tensor& map, int dim, double from, double to) {
    const int64_t length = map.dim(dim), begin = std::clamp<int64_t>(std::llround(from * double(length)), 0, length - 1);
    return backend_.slice(map, dim, begin, std::clamp<int64_t>(std::llround(to * double(length)), begin + 1, length));
  };
  Tensor sum;
  for (const Part& part : parts) {
    const Tensor mean = backend_.global_mean(cut(cut(x, 1, part.top, part.bottom), 2, part.left, part.right));
    sum = sum.defined() ? backend_.add(sum, mean) : mean;
  }
  return backend_.scale(sum, 1 / float(parts.size()));
}

}  // namespace daclip
