// The measures of one image: on pixels, and by networks if their weights are available.
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
  std::filesystem::path weights;  // folder with the networks' weights, see docs/metrics.md
  int crop_border = 0;            // for PSNR and SSIM; networks see whole images
};

// A value is absent if it was not requested, needs a truth that is missing, or the image is too small.
struct Scores {
  std::optional<double> psnr, ssim, psnr_y, ssim_y, lpips, brisque;
};

// An image and its network features, so that each network processes it only once.
struct View {
  FloatImage image;
  Lpips::Taps taps{};
  Features features{};
};

// An object serves one thread at a time.
class Measures {
 public:
  // The backend must compute in float32 and outlive this object. Throws UsageError for an unknown metric.
  Measures(Backend& backend, const MeasureOptions& options);

  // The metrics that are measured, and one line for each that is unavailable.
  const std::vector<std::string>& metrics() const { return metrics_; }
  const std::vector<std::string>& notices() const { return notices_; }

  void look(View& view);  // computes the features of the view's image, RGB in [0,1]
  // Compares two views after look(). Throws ShapeError if their sizes differ. Without a truth, measures only what needs
  // none.
  Scores score(const View& view, const View* truth);

 private:
  void open(Backend& backend, const Metric& metric);

  MeasureOptions options_;
  std::vector<std::string> metrics_, notices_;
  bool psnr_ = false, ssim_ = false;
  std::unique_ptr<Lpips> lpips_;
  int lpips_least_ = 0;  // smallest side that LPIPS accepts
  std::unique_ptr<FrechetFeatures> alex_, inception_;
  std::function<double(const FloatImage&)> brisque_;
};

}  // namespace daclip
