// LPIPS v0.1 (Zhang et al. 2018): the perceptual distance of two pictures, by a network trained on human judgements.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "image/float_image.h"
#include "nets/perceptual.h"
#include "ops/weights.h"

namespace daclip {

class Lpips {
 public:
  // `weights`: a folder of metric weights, or one file with backbone and heads of `net` (docs/metrics.md). The backend
  // must compute in float32 and outlive this object; it stores the network. Throws WeightsError for missing or
  // mismatched weights, naming the file and where it is published; FormatError for damaged files; UsageError for a
  // bfloat16 backend.
  Lpips(Backend& backend, const std::filesystem::path& weights, PerceptualNet net = PerceptualNet::alex);

  // a, b: RGB in [0,1], of equal size; values outside the range are not clamped. 0 for equal images, larger for more
  // different ones. Throws ShapeError for other channels, different sizes, and images too small for the network
  // (AlexNet: 31 pixels a side, SqueezeNet 25, VGG16 16).
  double distance(const FloatImage& a, const FloatImage& b);

  // The contribution of each tap; their sum is the distance.
  std::vector<double> tap_distances(const FloatImage& a, const FloatImage& b);

  // The network's features of one picture, to be reused in several comparisons: for each tap, (positions, channels)
  // values after its ReLU. Throws ShapeError for other channels and images too small.
  using Taps = std::vector<std::vector<float>>;
  Taps taps(const FloatImage& image);
  // Throws ShapeError if the pictures' sizes differ.
  double distance(const Taps& a, const Taps& b) const;

  PerceptualNet net() const { return net_; }
  std::string name() const;  // "lpips-alex"

 private:
  std::vector<double> tap_distances(const Taps& a, const Taps& b) const;

  Backend& backend_;
  PerceptualNet net_;
  Weights weights_;
  std::vector<std::vector<float>> heads_;  // for each tap, one weight per channel
};

}  // namespace daclip
