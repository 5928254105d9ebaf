// The Fréchet distance between two sets of pictures: how far apart the Gaussians lie that fit a network's features of
// them (Heusel et al. 2017). Over the Inception network of the original it is FID; over AlexNet it is a number of its
// own, named so.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "image/float_image.h"
#include "ops/backend.h"
#include "ops/weights.h"

namespace daclip {

struct Gaussian {
  std::vector<double> mean;        // (D)
  std::vector<double> covariance;  // (D,D) row-major, unbiased (divided by n - 1) as np.cov's
};

// |mean_a - mean_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^1/2). Throws ShapeError where the dimensions differ, FormatError for
// values that are not finite.
double frechet_distance(const Gaussian& a, const Gaussian& b);

// Mean and covariance of features that come one at a time.
class FeatureStatistics {
 public:
  // Throws ShapeError where the length is not that of the first.
  void add(std::span<const float> feature);
  size_t count() const { return count_; }
  // Throws UsageError for fewer than two features.
  Gaussian gaussian() const;

 private:
  size_t count_ = 0;
  std::vector<double> mean_, scatter_, from_mean_;  // scatter_: the lower triangle of the sum of outer products
};

// One feature vector a picture.
class FrechetFeatures {
 public:
  enum class Net {
    alex,       // "frechet-alex": the mean over positions of AlexNet's last tap, 256 values; pictures at their own size
    inception,  // "fid": pooled features of the TensorFlow-ported Inception, 2048 values; pictures resized to 299 x 299
  };

  // `weights`: a folder of metric weights or one file, as for Lpips, with the same errors; the backend must work in
  // float32 and outlive this object.
  FrechetFeatures(Backend& backend, const std::filesystem::path& weights, Net net);

  std::string name() const;  // "frechet-alex", "fid"
  size_t dimensions() const;

  // image: RGB in [0,1]. Throws ShapeError for other channels, and for AlexNet below 31 pixels a side.
  std::vector<float> operator()(const FloatImage& image);

 private:
  Backend& backend_;
  Net net_;
  Weights weights_;
};

}  // namespace daclip
