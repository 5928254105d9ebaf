// The table of metrics, by the names that --metrics takes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nets/perceptual.h"

namespace daclip {

struct Metric {
  enum class Kind { psnr, ssim, lpips, frechet_alex, fid, brisque };

  std::string_view name;   // "lpips-vgg"
  std::string_view title;  // for people: "LPIPS vgg"
  Kind kind;
  PerceptualNet net = PerceptualNet::alex;  // of lpips

  // A distance between two sets of pictures; the other metrics measure one picture or a pair.
  bool of_sets() const { return kind == Kind::frechet_alex || kind == Kind::fid; }
};

std::span<const Metric> metrics();

std::vector<std::string_view> metric_names();

// Null for an unknown name.
const Metric* find_metric(std::string_view name);

// Throws UsageError for an unknown name.
const Metric& metric_by_name(std::string_view name);

}  // namespace daclip
