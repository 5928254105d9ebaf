// LPIPS v0.1 (Zhang et al. 2018): how different two pictures look to a network that learned from people's judgements.
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
  // `weights`: a folder of metric weights, or one file that holds backbone and heads of `net` (docs/metrics.md). The
  // backend, which must work in float32 and outlive this object, holds the network. Throws WeightsError that says which
  // file is wanted and where it is published, where it is missing or does not fit; FormatError for damaged files;
  // UsageError for a backend in bfloat16.
  Lpips(Backend& backend, const std::filesystem::path& weights, PerceptualNet net = PerceptualNet::alex);

  // a, b: RGB in [0,1] (values beyond are taken as they are), of one size. 0 for equal images, larger the more they
  // differ. Throws ShapeError for other channels, different sizes and images too small for the network (AlexNet: 31
  // pixels a side, SqueezeNet 25, VGG16 16).
  double distance(const FloatImage& a, const FloatImage& b);

  // The share of each tap; their sum is the distance.
  std::vector<double> tap_distances(const FloatImage& a, const FloatImage& b);

  // What the network makes of one picture, for those that are compared more than once: of each tap (positions, channels)
  // values, behind its ReLU. Throws ShapeError for other channels and images too small.
  using Taps = std::vector<std::vector<float>>;
  Taps taps(const FloatImage& image);
  // Of pictures of one size (ShapeError).
  double distance(const Taps& a, const Taps& b) const;

  PerceptualNet net() const { return net_; }
  std::string name() const;  // "lpips-alex"

 private:
  std::vector<double> tap_distances(const Taps& a, const Taps& b) const;

  Backend& backend_;
  PerceptualNet net_;
  Weights weights_;
  std::vector<std::vector<float>> heads_;  // one weight a channel, for each tap
};

}  // namespace daclip
