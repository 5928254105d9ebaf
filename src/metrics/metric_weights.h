// The networks behind LPIPS and the Fréchet distance, read from the files that are published (docs/metrics.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nets/perceptual.h"
#include "weights/named_arrays.h"

namespace daclip {

// The folder of metric weights: the one given, else environment DACLIP_METRIC_WEIGHTS, else an empty path.
std::filesystem::path metric_weights_folder(const std::filesystem::path& given = {});

// In all of these `weights` is a folder with files named as published, or one file with everything; WeightsError says
// which file is wanted and where it is published where there is none, and what does not fit in one that is there.

// torchvision's names: features.0.weight, ...
NamedArrays read_perceptual_net(const std::filesystem::path& weights, PerceptualNet net);

// LPIPS's linear heads, one vector of channel weights a tap.
std::vector<std::vector<float>> read_lpips_heads(const std::filesystem::path& weights, PerceptualNet net);

// Exactly the tensors that nets/inception.h lists.
NamedArrays read_inception(const std::filesystem::path& weights);

}  // namespace daclip
