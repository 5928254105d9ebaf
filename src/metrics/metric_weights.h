// Reads the networks for LPIPS and the Fréchet distance from the published files (docs/metrics.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nets/perceptual.h"
#include "weights/named_arrays.h"

namespace daclip {

// The folder of metric weights: `given`, else the environment variable DACLIP_METRIC_WEIGHTS, else an empty path.
std::filesystem::path metric_weights_folder(const std::filesystem::path& given = {});

// In the functions below, `weights` is a folder with files named as published, or one file with everything.
// WeightsError names a missing file and where it is published, or what does not match in an existing file.

// With torchvision's names: features.0.weight, ...
NamedArrays read_perceptual_net(const std::filesystem::path& weights, PerceptualNet net);

// LPIPS's linear heads: for each tap, one weight per channel.
std::vector<std::vector<float>> read_lpips_heads(const std::filesystem::path& weights, PerceptualNet net);

// The tensors that nets/inception.h lists, no others.
NamedArrays read_inception(const std::filesystem::path& weights);

}  // namespace daclip
