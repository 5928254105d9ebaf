#include "data/sampler_config.h"

#include <algorithm>

namespace daclip {
namespace {

constexpr Range kShare = between(0, 1);
constexpr Range kFactor{.low = 0, .high = 4, .open_low = true};

}  // namespace

void visit(ConfigVisitor& v, SamplerConfig& c) {
  v.section("data", [&] {
    v.field("hold", c.hold, at_least(1));
    v.field("region", c.region, at_least(0));
    v.field("rescale_min", c.rescale_min, kFactor);
    v.field("rescale_max", c.rescale_max, kFactor);
    v.field("paired_share", c.paired_share, kShare);
    v.field("stored_share", c.stored_share, kShare);
    v.field("grade_share", c.grade_share, kShare);
    v.field("found_share", c.found_share, kShare);
    v.field("mixed_share", c.mixed_share, kShare);
    v.field("grey_share", c.grey_share, kShare);
    v.field("page_share", c.page_share, kShare);
    v.field("surface_share", c.surface_share, kShare);
    v.field("focus_share", c.focus_share, kShare);
    v.field("wet_share", c.wet_share, kShare);
  });
  const auto per_label = [&v](std::array<double, kLabels.size()>& values, const Range& range) {
    for (size_t i = 0; i < kLabels.size(); ++i) v.field(std::string(kLabels[i]).c_str(), values[i], range);
  };
  v.section("weights", [&] { per_label(c.weights, at_least(0)); });
  v.section("paper_share", [&] { per_label(c.paper_share, kShare); });
}

void validate(const SamplerConfig& config) {
  SamplerConfig c = config;
  try {
    RangeCheck check("data");
    visit(check, c);
  } catch (const FormatError& error) {
    throw UsageError(error.what());
  }
  if (c.slots < 1) throw UsageError(cat("data.batch: ", c.slots, ": expected at least 1"));
  if (c.min_side < 1) throw UsageError(cat("data.crop: ", c.min_side, ": expected at least 1"));
  if (c.rescale_min > c.rescale_max)
    throw UsageError(cat("data.rescale_min: ", c.rescale_min, ": expected at most data.rescale_max, ", c.rescale_max));
  if (c.region > 0 && c.region < c.min_side)
    throw UsageError(cat("data.region: ", c.region, ": expected 0, or at least the crop's side, ", c.min_side));
  if (std::ranges::all_of(c.weights, [](double weight) { return weight == 0; }))
    throw UsageError("weights: 0 for every label: expected one above 0");
}

}  // namespace daclip
