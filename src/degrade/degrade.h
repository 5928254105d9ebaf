// The ten synthetic degradations of clean photos. The same seed gives the same result on every machine. They depend
// only on image/float_image.h, so that training data can be generated on a machine without image codecs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/float_image.h"

namespace daclip {

// A degradation and its parameters, from the text KIND[:param=value,...]. The seed draws absent parameters from the
// kind's distribution.
struct DegradeSpec {
  std::string kind;                      // one of the first ten labels of core/labels.h
  std::map<std::string, double> params;  // see degrade_params()
};

// Throws UsageError naming what is allowed, for an unknown kind or parameter and for a value that is not a number or
// out of range.
DegradeSpec parse_degrade_spec(std::string_view text);

struct DegradeParam {
  std::string name, unit, help;
  double minimum, maximum;  // accepted range
};

// The parameters of a kind, for help texts and validation.
const std::vector<DegradeParam>& degrade_params(std::string_view kind);

enum class Severity {
  paper,     // as severe as the paper's test sets (DA-CLIP, Section 4): sigma 50, quality 10, ...
  training,  // a wider range: sigma 5-60, quality 5-40, ...
};

// gt: RGB in [0,1], at least 1x1. Result: same size, RGB, clipped to [0,1]. Throws ShapeError if gt is not RGB.
FloatImage degrade(const FloatImage& gt, const DegradeSpec& spec, uint64_t seed, Severity severity = Severity::paper);

// Inpainting with a given mask (one channel, gt's size): 1 keeps the pixel, 0 is a hole and becomes white. Throws
// ShapeError.
FloatImage apply_mask(const FloatImage& gt, const FloatImage& mask);

}  // namespace daclip
