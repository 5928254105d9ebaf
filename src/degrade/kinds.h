// The ten degradations behind degrade(): each has a function and a table of parameters in its own file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "degrade/degrade.h"

namespace daclip {

// The parameters given by the caller. A kind draws a value for every parameter before it looks here, so that the random
// stream does not depend on which parameters are given.
class Params {
 public:
  Params() = default;
  explicit Params(std::map<std::string, double> values) : values_(std::move(values)) {}

  double get(const std::string& name, double drawn_default) const {
    const auto found = values_.find(name);
    return found == values_.end() ? drawn_default : found->second;
  }
  bool has(const std::string& name) const { return values_.count(name) != 0; }

 private:
  std::map<std::string, double> values_;
};

// gt: RGB in [0,1]. Result: same size; the caller clips it to [0,1].
using DegradeFunction = FloatImage (*)(const FloatImage& gt, const Params& params, Random& random, Severity severity);

FloatImage motion_blur(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage haze(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage jpeg(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage low_light(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage noise(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage raindrop(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage rain(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage shadow(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage snow(const FloatImage& gt, const Params& params, Random& random, Severity severity);
FloatImage inpainting(const FloatImage& gt, const Params& params, Random& random, Severity severity);

const std::vector<DegradeParam>& motion_blur_params();
const std::vector<DegradeParam>& haze_params();
const std::vector<DegradeParam>& jpeg_params();
const std::vector<DegradeParam>& low_light_params();
const std::vector<DegradeParam>& noise_params();
const std::vector<DegradeParam>& raindrop_params();
const std::vector<DegradeParam>& rain_params();
const std::vector<DegradeParam>& shadow_params();
const std::vector<DegradeParam>& snow_params();
const std::vector<DegradeParam>& inpainting_params();

}  // namespace daclip
