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

constexpr int kSsimWindow = 11, kBrisqueLeast = 16;
constexpr const char* kKnown = "psnr, ssim, lpips, lpips-squeeze, lpips-vgg, frechet-alex, fid, brisque";
constexpr const char* kAlexFigure = "frechet-alex";

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

bool one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Measures::Measures(Backend& backend, const MeasureOptions& options) : options_(options) {
  for (const std::string& metric : options.metrics) {
    try {
      open(backend, metric);
      metrics_.push_back(metric);
    } catch (const WeightsError& error) {
      notices_.push_back(cat("without ", metric, ": ", error.what()));
    }
  }
}

void Measures::open(Backend& backend, const std::string& metric) {
  if (metric == "psnr") {
    psnr_ = true;
  } else if (metric == "ssim") {
    ssim_ = true;
  } else if (one_of(metric, {"lpips", "lpips-squeeze", "lpips-vgg"})) {
    if (lpips_) throw UsageError(cat("metrics ", lpips_->name(), " and ", metric, ": expected one kind of LPIPS"));
    const PerceptualNet net = metric == "lpips"       ? PerceptualNet::alex
                              : metric == "lpips-vgg" ? PerceptualNet::vgg
                                                      : PerceptualNet::squeeze;
    lpips_ = std::make_unique<Lpips>(backend, options_.weights, net);
    lpips_least_ = int(perceptual_least_size(net));
  } else if (metric == kAlexFigure) {
    alex_ = std::make_unique<FrechetFeatures>(backend, options_.weights, FrechetFeatures::Net::alex);
  } else if (metric == "fid") {
    inception_ = std::make_unique<FrechetFeatures>(backend, options_.weights, FrechetFeatures::Net::inception);
  } else if (metric == "brisque") {
    brisque_ = open_brisque();
  } else {
    throw UsageError(cat("metric ", metric, ": expected one of ", kKnown));
  }
}

void Measures::look(View& view) {
  const int side = std::min(view.image.width, view.image.height);
  if (lpips_ && side >= lpips_least_) view.taps = lpips_->taps(view.image);
  const bool shared = lpips_ && lpips_->net() == PerceptualNet::alex;  // its last tap is the feature of frechet-alex
  if (alex_ && side >= perceptual_least_size(PerceptualNet::alex))
    view.features[kAlexFigure] =
        shared ? mean_over_positions(view.taps.back(), alex_->dimensions()) : (*alex_)(view.image);
  if (inception_) view.features["fid"] = (*inception_)(view.image);
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
