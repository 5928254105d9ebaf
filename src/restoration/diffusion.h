// Restoring with a network that predicts noise: a sample of the clean picture, drawn step by step.
#pragma once

#include <functional>

#include "image/float_image.h"
#include "nets/unet.h"
#include "sde/noise.h"
#include "sde/sampler.h"

namespace daclip {

struct SamplerOptions {
  SamplerKind sampler = kDefaultSampler;
  int steps = 0;      // network evaluations; 0: as many as the sampler is meant for, see SamplingPlan
  uint64_t seed = 0;  // the same seed gives the same picture, whatever its tiles are
};

// What a picture's tiles share, computed once: contexts, times, the sampler's coefficients and the field of noise.
class Diffusion {
 public:
  // Backend, config and weights are kept by reference. Throws UsageError for options that make no sense.
  Diffusion(Backend& backend, const UnetConfig& config, const SdeConfig& sde, const Scope& weights,
            const Contexts& contexts, const SamplerOptions& options);

  int evaluations() const { return plan_.evaluations(); }  // NFE of a tile

  // `tile` lies at (left, top) of its picture; RGB in [0,1], any size from 1x1 -> the same size, not clamped. Told the
  // finished share after every evaluation.
  FloatImage restore(const FloatImage& tile, int left, int top, const std::function<void(double)>& progress) const;

 private:
  Backend& backend_;
  const UnetConfig& config_;
  Scope weights_;
  SamplingPlan plan_;
  NoiseField noise_;
  UnetConditioning conditioning_;
  std::vector<UnetTime> times_;  // one for each evaluation
};

}  // namespace daclip
