// The Fréchet distance between two sets of pictures (Heusel et al. 2017): the distance between Gaussians fitted to a
// network's features of each set. With the original Inception network it is FID; with AlexNet it is a different
// measure, reported under a name of its own.
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
  std::vector<double> covariance;  // (D,D) row-major, unbiased (divided by n - 1) like np.cov's
};

// |mean_a - mean_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^1/2). Throws ShapeError if the dimensions differ, FormatError for
// values that are not finite.
double frechet_distance(const Gaussian& a, const Gaussian& b);

// Accumulates mean and covariance from one feature vector at a time.
class FeatureStatistics {
 public:
  // Throws ShapeError if the length differs from that of the first feature.
  void add(std::span<const float> feature);
  size_t count() const { return count_; }
  // Throws UsageError for fewer than two features.
  Gaussian gaussian() const;

 private:
  size_t count_ = 0;
  std::vector<double> mean_, scatter_, from_mean_;  // scatter_: lower triangle of the sum of outer products
};

// Computes one feature vector per picture.
class FrechetFeatures {
 public:
  enum class Net {
    alex,  // "frechet-alex": mean over positions of AlexNet's last tap, 256 values; pictures keep their size
    // "fid": pooled features of the TensorFlow-ported Inception, 2048 values; pictures are resized to 299x299
    inception,
  };

  // `weights`: a folder of metric weights or one file, as for Lpips, with the same errors. The backend must compute in
  // float32 and outlive this object.
  FrechetFeatures(Backend& backend, const std::filesystem::path& weights, Net net);

  std::string name() const;  // "frechet-alex", "fid"
  size_t dimensions() const;

  // image: RGB in [0,1]. Throws ShapeError for other channels and, with AlexNet, for sides below 31 pixels.
  std::vector<float> operator()(const FloatImage& image);

 private:
  Backend& backend_;
  Net net_;
  Weights weights_;
};

}  // namespace daclip
