#include "metrics/lpips.h"

#include <cmath>
#include <numeric>

#include "metrics/metric_weights.h"
#include "metrics/upload.h"

namespace daclip {
namespace {

// Mean over positions of the weighted squared difference of both maps' channels, each normalised to unit length.
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

Lpips::Lpips(Backend& backend, const std::filesystem::path& weights, PerceptualNet net) : backend_(backend), net_(net) {
  require_float32(backend, name());
  heads_ = read_lpips_heads(weights, net);
  weights_ = upload(backend, read_perceptual_net(weights, net));
}

std::string Lpips::name() const { return cat("lpips-", perceptual_net_name(net_)); }

Lpips::Taps Lpips::taps(const FloatImage& image) {
  const int64_t least = perceptual_least_size(net_);
  if (image.channels != 3 || image.width < least || image.height < least)
    throw ShapeError(cat(name(), ": an image of ", image.width, "x", image.height, "x", image.channels,
                         ", expected RGB of at least ", least, " pixels a side"));
  Taps taps;
  for (const Tensor& tap : perceptual_taps(backend_, net_, Scope(weights_), perceptual_input(backend_, image)))
    taps.push_back(backend_.to_floats(tap));
  return taps;
}

std::vector<double> Lpips::tap_distances(const Taps& a, const Taps& b) const {
  std::vector<double> distances;
  for (size_t i = 0; i < heads_.size(); ++i) {
    if (a.size() != heads_.size() || b.size() != heads_.size() || a[i].size() != b[i].size())
      throw ShapeError(cat(name(), ": taps of images of different sizes"));
    distances.push_back(head_distance(a[i], b[i], heads_[i]));
  }
  return distances;
}

// One image after the other, because as a pair both images' maps would be in memory together.
std::vector<double> Lpips::tap_distances(const FloatImage& a, const FloatImage& b) {
  if (!a.same_size(b))
    throw ShapeError(cat(name(), ": images of ", a.width, "x", a.height, "x", a.channels, " and ", b.width, "x",
                         b.height, "x", b.channels, ", expected RGB of one size"));
  const Taps taps_a = taps(a), taps_b = taps(b);
  return tap_distances(taps_a, taps_b);
}

double Lpips::distance(const FloatImage& a, const FloatImage& b) {
  const std::vector<double> distances = tap_distances(a, b);
  return std::accumulate(distances.begin(), distances.end(), 0.0);
}

double Lpips::distance(const Taps& a, const Taps& b) const {
  const std::vector<double> distances = tap_distances(a, b);
  return std::accumulate(distances.begin(), distances.end(), 0.0);
}

}  // namespace daclip
