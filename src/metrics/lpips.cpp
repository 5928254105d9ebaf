#include "metrics/lpips.h"

#include <cmath>
#include <numeric>

#include "metrics/metric_weights.h"
#include "metrics/upload.h"

namespace daclip {
namespace {

// The mean over positions of the weighted squared difference between both maps' channels, at unit length each.
double head_distance(std::span<const float> a, std::span<const float> b, std::span<const float> head) {
  const size_t channels = head.size(), positions = a.size() / channels;
  const auto over_length = [&](const float* x) {
    double squares = 0;
    for (size_t c = 0; c < channels; ++c) squares += double(x[c]) * double(x[c]);
    return 1.0 / (std::sqrt(squares) + 1e-10);
  };
  double sum = 0;
  for (size_t p = 0; p < positions; ++p) {
    const float *x = &a[p * channels], *y = &b[p * channels];
    const double unit_x = over_length(x), unit_y = over_length(y);
    for (size_t c = 0; c < channels; ++c) {
      const double difference = double(x[c]) * unit_x - double(y[c]) * unit_y;
      sum += double(head[c]) * difference * difference;
    }
  }
  return sum / double(positions);
}

}  // namespace

Lpips::Lpips(Backend& backend, const std::filesystem::path& weights, PerceptualNet net)
    : backend_(backend), net_(net) {
  require_float32(backend, name());
  heads_ = read_lpips_heads(weights, net);
  weights_ = upload(backend, read_perceptual_net(weights, net));
}

std::string Lpips::name() const { return cat("lpips-", perceptual_net_name(net_)); }

std::vector<double> Lpips::tap_distances(const FloatImage& a, const FloatImage& b) {
  const int64_t least = perceptual_least_size(net_);
  if (a.channels != 3 || !a.same_size(b))
    throw ShapeError(cat(name(), ": images of ", a.width, "x", a.height, "x", a.channels, " and ", b.width, "x",
                         b.height, "x", b.channels, ", expected RGB of one size"));
  if (a.width < least || a.height < least)
    throw ShapeError(cat(name(), ": images of ", a.width, "x", a.height, " pixels, expected at least ", least,
                         " a side"));
  // One after the other: as a pair both images' maps would be in memory at once.
  const auto taps_of = [&](const FloatImage& image) {
    std::vector<std::vector<float>> values;
    for (const Tensor& tap : perceptual_taps(backend_, net_, Scope(weights_), perceptual_input(backend_, image)))
      values.push_back(backend_.to_floats(tap));
    return values;
  };
  const auto taps_a = taps_of(a), taps_b = taps_of(b);
  std::vector<double> distances;
  for (size_t i = 0; i < heads_.size(); ++i) distances.push_back(head_distance(taps_a[i], taps_b[i], heads_[i]));
  return distances;
}

double Lpips::distance(const FloatImage& a, const FloatImage& b) {
  const std::vector<double> distances = tap_distances(a, b);
  return std::accumulate(distances.begin(), distances.end(), 0.0);
}

}  // namespace daclip
