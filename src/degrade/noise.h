#pragma once

#include "core/random.h"
#include "image/float_image.h"

namespace daclip {

// The parameters of "noisy" (see noise_params()).
struct NoisePlan {
  bool sensor = false;
  double sigma = 0, grain = 0, grey = 0, chroma = 0, blotch = 0, shot = 0, tone = 0, denoise = 0, impulse = 0,
         quality = 0;
};

// gt + (sigma/255) * field, not clipped. field: standard normal samples of gt's size; sigma in 8-bit levels.
FloatImage add_noise(const FloatImage& gt, const FloatImage& field, double sigma);

// Standard normal samples blurred by `grain` pixels, rescaled to equal variance.
FloatImage normal_field(int width, int height, int channels, double grain, Random& random);

// Adds `height` times the colour of `blotches` (three channels, without their mean) to the noise.
void add_blotches(FloatImage& field, double height, const FloatImage& blotches);

// gt as a camera with a noisy sensor leaves it. Uses sigma to denoise of the plan.
FloatImage sensor_noise(const FloatImage& gt, const NoisePlan& plan, Random& random);

}  // namespace daclip
