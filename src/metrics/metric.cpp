#include "metrics/metric.h"

#include "core/error.h"
#include "core/text.h"

namespace daclip {

std::span<const Metric> metrics() {
  using Kind = Metric::Kind;
  static constexpr Metric list[] = {
      {"psnr", "PSNR", Kind::psnr},
      {"ssim", "SSIM", Kind::ssim},
      {"lpips", "LPIPS alex", Kind::lpips, PerceptualNet::alex},
      {"lpips-squeeze", "LPIPS squeeze", Kind::lpips, PerceptualNet::squeeze},
      {"lpips-vgg", "LPIPS vgg", Kind::lpips, PerceptualNet::vgg},
      {"frechet-alex", "Fréchet (AlexNet)", Kind::frechet_alex},
      {"fid", "FID", Kind::fid},
      {"brisque", "BRISQUE", Kind::brisque},
  };
  return list;
}

std::vector<std::string_view> metric_names() {
  std::vector<std::string_view> names;
  for (const Metric& metric : metrics()) names.push_back(metric.name);
  return names;
}

const Metric* find_metric(std::string_view name) {
  for (const Metric& metric : metrics())
    if (metric.name == name) return &metric;
  return nullptr;
}

const Metric& metric_by_name(std::string_view name) {
  if (const Metric* metric = find_metric(name)) return *metric;
  throw UsageError(cat("metric ", name, ": expected one of ", joined(metric_names())));
}

}  // namespace daclip
