#include "eval/measures.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#ifdef DACLIP_BRISQUE
#include "metrics/brisque.h"
#endif
#include "metrics/psnr.h"
#include "metrics/ssim.h"

namespace daclip {
namespace {

constexpr int kBrisqueLeast = 16;

// (positions, channels) -> (channels)
std::vector<float> mean_over_positions(const std::vector<float>& map, size_t channels) {
  std::vector<double> sums(channels);
  for (size_t i = 0; i < map.size(); ++i) sums[i % channels] += double(map[i]);
  for (double& sum : sums) sum /= double(map.size() / channels);
  return {sums.begin(), sums.end()};
}

std::function<double(const FloatImage&)> open_brisque() {
#ifdef DACLIP_BRISQUE
  try {
    return [brisque = std::make_shared<Brisque>()](const FloatImage& image) { return brisque->score(image); };
  } catch (const IoError& error) {
    throw WeightsError(error.what());
  }
#else
  throw WeightsError("not available in this build; it needs DACLIP_BRISQUE and OpenCV's quality module");
#endif
}

}  // namespace

Measures::Measures(Backend& backend, const MeasureOptions& options) : options_(options) {
  for (const std::string& name : options.metrics) {
    const Metric& metric = metric_by_name(name);
    try {
      open(backend, metric);
      metrics_.push_back(name);
    } catch (const WeightsError& error) {
      notices_.push_back(cat("without ", name, ": ", error.what()));
    }
  }
}

void Measures::open(Backend& backend, const Metric& metric) {
  switch (metric.kind) {
    case Metric::Kind::psnr: psnr_ = true; break;
    case Metric::Kind::ssim: ssim_ = true; break;
    case Metric::Kind::lpips:
      if (lpips_)
        throw UsageError(cat("metrics ", lpips_->name(), " and ", metric.name, ": expected one kind of LPIPS"));
      lpips_ = std::make_unique<Lpips>(backend, options_.weights, metric.net);
      lpips_least_ = int(perceptual_least_size(metric.net));
      break;
    case Metric::Kind::frechet_alex:
      alex_ = std::make_unique<FrechetFeatures>(backend, options_.weights, FrechetFeatures::Net::alex);
      break;
    case Metric::Kind::fid:
      inception_ = std::make_unique<FrechetFeatures>(backend, options_.weights, FrechetFeatures::Net::inception);
      break;
    case Metric::Kind::brisque: brisque_ = open_brisque(); break;
  }
}

void Measures::look(View& view) {
  const int side = std::min(view.image.width, view.image.height);
  if (lpips_ && side >= lpips_least_) view.taps = lpips_->taps(view.image);
  const bool shared = lpips_ && lpips_->net() == PerceptualNet::alex;  // its last tap is the feature of frechet-alex
  if (alex_ && side >= perceptual_least_size(PerceptualNet::alex))
    view.features[alex_->name()] =
        shared ? mean_over_positions(view.taps.back(), alex_->dimensions()) : (*alex_)(view.image);
  if (inception_) view.features[inception_->name()] = (*inception_)(view.image);
}

Scores Measures::score(const View& view, const View* truth) {
  Scores scores;
  const FloatImage& a = view.image;
  const int whole = std::min(a.width, a.height), crop = options_.crop_border, side = whole - 2 * crop;
  if (brisque_ && whole >= kBrisqueLeast)
    if (const double value = brisque_(a); !std::isnan(value)) scores.brisque = value;
  if (!truth) return scores;
  const FloatImage& b = truth->image;
  if (psnr_ && side > 0) {
    scores.psnr = psnr(a, b, crop);
    scores.psnr_y = psnr_y(a, b, crop);
  }
  if (ssim_ && side >= kSsimWindow) {
    scores.ssim = ssim(a, b, crop);
    scores.ssim_y = ssim_y(a, b, crop);
  }
  if (!view.taps.empty()) scores.lpips = lpips_->distance(view.taps, truth->taps);
  return scores;
}

}  // namespace daclip
