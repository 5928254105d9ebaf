// The ten synthetic degradations: a clean photo in, a degraded one out, the same for the same seed on every machine.
// Needs nothing but the pixels (image/float_image.h), so that training data can be made on a machine without codecs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/float_image.h"

namespace daclip {

// A degradation and its parameters, as `KIND[:param=value,...]` says it. Absent parameters are drawn from the kind's
// distribution by the seed.
struct DegradeSpec {
  std::string kind;                      // one of the first ten labels of core/labels.h
  std::map<std::string, double> params;  // see degrade_params()
};

// Throws UsageError naming the unknown kind or parameter, a value that is no number or out of its range, and what is allowed.
DegradeSpec parse_degrade_spec(std::string_view text);

struct DegradeParam {
  std::string name, unit, help;
  double minimum, maximum;  // accepted
};

// The parameters of one kind, for help texts and checks.
const std::vector<DegradeParam>& degrade_params(std::string_view kind);

enum class Severity {
  paper,     // as severe as the paper's test sets: sigma 50, quality 10, ...
  training,  // a wider range around it: sigma 5-60, quality 5-40, ...
};

// gt: RGB in [0,1], any size from 1x1. Result: same size, RGB, clipped to [0,1]. Throws ShapeError where gt is not RGB.
FloatImage degrade(const FloatImage& gt, const DegradeSpec& spec, uint64_t seed, Severity severity = Severity::paper);

// Inpainting with the caller's mask: 1 keeps, 0 is a hole, which becomes white. mask: one channel, gt's size.
FloatImage apply_mask(const FloatImage& gt, const FloatImage& mask);

}  // namespace daclip
