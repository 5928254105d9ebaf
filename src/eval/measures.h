// What is measured of one image: on pixels, and with networks where their weights are at hand.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eval/journal.h"
#include "image/float_image.h"
#include "metrics/frechet.h"
#include "metrics/lpips.h"
#include "metrics/metric.h"
#include "ops/backend.h"

namespace daclip {

struct MeasureOptions {
  // Names of metrics/metric.h; one kind of LPIPS at most. PSNR and SSIM are measured on RGB and on Y.
  std::vector<std::string> metrics = {"psnr", "ssim", "lpips", "frechet-alex"};
  std::filesystem::path weights;  // a folder with the networks' weights, docs/metrics.md
  int crop_border = 0;            // of PSNR and SSIM; networks see whole images
};

// Absent where it was not asked for, needs a truth that is not there, or the image is too small.
struct Scores {
  std::optional<double> psnr, ssim, psnr_y, ssim_y, lpips, brisque;
};

// An image and what networks make of it, so that they look at each but once.
struct View {
  FloatImage image;
  Lpips::Taps taps{};
  Features features{};
};

// Serves one thread at a time.
class Measures {
 public:
  // The backend works in float32 and outlives this object. Throws UsageError for a name that is no metric.
  Measures(Backend& backend, const MeasureOptions& options);

  // Those that are measured, and why others cannot be, one line each.
  const std::vector<std::string>& metrics() const { return metrics_; }
  const std::vector<std::string>& notices() const { return notices_; }

  void look(View& view);  // fills in what belongs to its image, RGB in [0,1]
  // Two that were looked at, of one size (ShapeError); without a truth, what needs none.
  Scores score(const View& view, const View* truth);

 private:
  void open(Backend& backend, const Metric& metric);

  MeasureOptions options_;
  std::vector<std::string> metrics_, notices_;
  bool psnr_ = false, ssim_ = false;
  std::unique_ptr<Lpips> lpips_;
  int lpips_least_ = 0;  // side of the smallest image
  std::unique_ptr<FrechetFeatures> alex_, inception_;
  std::function<double(const FloatImage&)> brisque_;
};

}  // namespace daclip
