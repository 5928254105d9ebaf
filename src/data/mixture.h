// Which further kinds of damage a training sample gets, and in which order they happen to a photo.
#pragma once

#include <span>
#include <vector>

#include "core/random.h"
#include "data/sampler_config.h"

namespace daclip {

// Position of a kind in the order of capture: light and weather in the scene, drops on the lens, the exposure, the
// motion, the sensor's noise, the file's compression, holes in the picture.
int capture_order(int label);

// An index, as often as its weight says. weights: not negative, one at least above 0.
int draw_weighted(std::span<const double> weights, Random& random);

// One or two kinds (two in three of ten) that differ from `label`, each as often as its weight says. With `after_only`,
// only kinds that come after `label`, as for a real photo that shows it already; there may be none. In the order of
// capture.
std::vector<int> draw_further_kinds(int label, bool after_only, const SamplerConfig& config, Random& random);

}  // namespace daclip
