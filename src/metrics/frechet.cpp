#include "metrics/frechet.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "metrics/metric_weights.h"
#include "metrics/upload.h"
#include "nets/inception.h"

namespace daclip {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Solver = Eigen::SelfAdjointEigenSolver<Matrix>;

void check(const Gaussian& g) {
  if (g.covariance.size() != g.mean.size() * g.mean.size())
    throw ShapeError(cat("frechet: covariance of ", g.covariance.size(), " values with a mean of ", g.mean.size()));
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!std::all_of(g.mean.begin(), g.mean.end(), finite) ||
      !std::all_of(g.covariance.begin(), g.covariance.end(), finite))
    throw FormatError("frechet: the statistics contain values that are not finite");
}

Solver decompose(const Matrix& symmetric, int options) {
  Solver solver(symmetric, options);
  if (solver.info() != Eigen::Success) throw FormatError("frechet: the eigenvalues of a covariance do not converge");
  return solver;
}

// Square roots of a covariance's eigenvalues. Zero eigenvalues come with rounding errors, whose roots would not be
// small, so they are set to zero.
Eigen::VectorXd roots(const Eigen::VectorXd& eigenvalues) {
  const double least = 1e-15 * double(eigenvalues.size()) * eigenvalues.cwiseAbs().maxCoeff();
  return eigenvalues.unaryExpr([&](double v) { return v > least ? std::sqrt(v) : 0.0; });
}

// tr (C_a C_b)^1/2 = tr (R C_b R^T)^1/2 for any R with R^T R = C_a, because the product is similar to that symmetric
// matrix.
double trace_of_root(const Eigen::Map<const Matrix>& a, const Eigen::Map<const Matrix>& b) {
  const Solver of_a = decompose(a, Eigen::ComputeEigenvectors);
  const Matrix root = roots(of_a.eigenvalues()).asDiagonal() * of_a.eigenvectors().transpose();
  const Matrix between = root * b * root.transpose();
  return roots(decompose(between, Eigen::EigenvaluesOnly).eigenvalues()).sum();
}

// PyTorch's F.interpolate(mode="bilinear", align_corners=False), which does not antialias when shrinking.
FloatImage interpolated(const FloatImage& image, int width, int height) {
  struct Tap {
    int first, second;
    float share;  // weight of the second sample
  };
  const auto taps = [](int from, int to) {
    std::vector<Tap> result;
    for (int i = 0; i < to; ++i) {
      const float at = std::max(0.f, (float(i) + 0.5f) * (float(from) / float(to)) - 0.5f);
      const int first = std::min(int(at), from - 1);
      result.push_back({first, std::min(first + 1, from - 1), at - float(first)});
    }
    return result;
  };
  const std::vector<Tap> columns = taps(image.width, width), rows = taps(image.height, height);
  FloatImage result(width, height, image.channels);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < image.channels; ++c) {
        const Tap &v = rows[size_t(y)], &h = columns[size_t(x)];
        const auto along = [&](int row) {
          return image.at(h.first, row, c) * (1 - h.share) + image.at(h.second, row, c) * h.share;
        };
        result.at(x, y, c) = along(v.first) * (1 - v.share) + along(v.second) * v.share;
      }
  return result;
}

}  // namespace

double frechet_distance(const Gaussian& a, const Gaussian& b) {
  check(a), check(b);
  const auto size = Eigen::Index(a.mean.size());
  if (b.mean.size() != a.mean.size() || size == 0)
    throw ShapeError(cat("frechet: statistics of ", a.mean.size(), " and of ", b.mean.size(), " features"));
  const Eigen::Map<const Eigen::VectorXd> mean_a(a.mean.data(), size), mean_b(b.mean.data(), size);
  const Eigen::Map<const Matrix> cov_a(a.covariance.data(), size, size), cov_b(b.covariance.data(), size, size);
  return (mean_a - mean_b).squaredNorm() + cov_a.trace() + cov_b.trace() - 2 * trace_of_root(cov_a, cov_b);
}

void FeatureStatistics::add(std::span<const float> feature) {
  const size_t size = feature.size();
  if (count_ == 0) {
    mean_.assign(size, 0.0);
    from_mean_.assign(size, 0.0);
    scatter_.assign(size * (size + 1) / 2, 0.0);
  }
  if (size != mean_.size() || size == 0)
    throw ShapeError(cat("feature statistics: feature of ", size, " values, expected ", mean_.size()));
  ++count_;
  // Welford's update: the product of the distances from the old and from the new mean is this fraction of the former's
  // square.
  const double share = double(count_ - 1) / double(count_);
  for (size_t i = 0; i < size; ++i) {
    from_mean_[i] = double(feature[i]) - mean_[i];
    mean_[i] += from_mean_[i] / double(count_);
  }
  double* row = scatter_.data();
  for (size_t i = 0; i < size; row += ++i)
    for (size_t j = 0; j <= i; ++j) row[j] += share * from_mean_[i] * from_mean_[j];
}

Gaussian FeatureStatistics::gaussian() const {
  if (count_ < 2) throw UsageError(cat("covariance: expected at least two pictures, found ", count_));
  const size_t size = mean_.size();
  Gaussian result{mean_, std::vector<double>(size * size)};
  const double* row = scatter_.data();
  for (size_t i = 0; i < size; row += ++i)
    for (size_t j = 0; j <= i; ++j)
      result.covariance[i * size + j] = result.covariance[j * size + i] = row[j] / double(count_ - 1);
  return result;
}

FrechetFeatures::FrechetFeatures(Backend& backend, const std::filesystem::path& weights, Net net)
    : backend_(backend), net_(net) {
  require_float32(backend, name());
  weights_ = upload(backend, net == Net::alex ? read_perceptual_net(weights, PerceptualNet::alex)
                                              : fold_batch_norms(read_inception(weights), weights.string()));
}

std::string FrechetFeatures::name() const { return net_ == Net::alex ? "frechet-alex" : "fid"; }

size_t FrechetFeatures::dimensions() const {
  return net_ == Net::alex ? size_t(perceptual_channels(PerceptualNet::alex).back()) : size_t(kInceptionFeatures);
}

std::vector<float> FrechetFeatures::operator()(const FloatImage& image) {
  if (image.channels != 3 || image.empty())
    throw ShapeError(
        cat(name(), ": an image of ", image.width, "x", image.height, "x", image.channels, ", expected RGB"));
  if (net_ == Net::alex) {
    const Tensor x = perceptual_input(backend_, image);
    return backend_.to_floats(
        backend_.global_mean(perceptual_taps(backend_, PerceptualNet::alex, Scope(weights_), x).back()));
  }
  const FloatImage resized = interpolated(image, kInceptionSize, kInceptionSize);
  std::vector<float> values(resized.data.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = 2 * resized.data[i] - 1;
  const Tensor x = backend_.from_floats(values, {1, kInceptionSize, kInceptionSize, 3});
  return backend_.to_floats(inception_features(backend_, Scope(weights_), x));
}

}  // namespace daclip
